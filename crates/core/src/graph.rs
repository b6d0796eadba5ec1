//! Order among things that need each other.

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// Things by index, and which needs which.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    graph: DiGraph<(), ()>,
}

/// Things that need each other in a circle, each needing the next and the last the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

impl Graph {
    /// `size` things, none needing another yet.
    pub fn new(size: usize) -> Self {
        let mut graph = DiGraph::with_capacity(size, size);
        (0..size).for_each(|_| {
            graph.add_node(());
        });
        Self { graph }
    }

    /// Notes that `one` needs `other`.
    pub fn needs(&mut self, one: usize, other: usize) {
        self.graph.update_edge(NodeIndex::new(one), NodeIndex::new(other), ());
    }

    /// What `one` needs itself.
    pub fn needed_by(&self, one: usize) -> impl Iterator<Item = usize> {
        self.graph.edges(NodeIndex::new(one)).map(|edge| edge.target().index())
    }

    /// An order in which each thing comes after all it needs.
    ///
    /// # Errors
    /// One loop for every knot of things that need each other.
    pub fn order(&self) -> Result<Vec<usize>, Vec<Cycle>> {
        let knots = tarjan_scc(&self.graph);
        let cycles: Vec<Cycle> = knots.iter().filter_map(|knot| self.cycle_in(knot)).collect();
        if !cycles.is_empty() {
            return Err(cycles);
        }
        Ok(knots.into_iter().flatten().map(NodeIndex::index).collect())
    }

    /// A loop inside a strongly connected component, from its lowest index on.
    fn cycle_in(&self, knot: &[NodeIndex]) -> Option<Cycle> {
        let start = *knot.iter().min()?;
        let is_loop = knot.len() > 1 || self.graph.contains_edge(start, start);
        is_loop.then(|| Cycle(self.walk_back_to(start, knot)))
    }

    /// The shortest way from `start` to itself inside `knot`.
    fn walk_back_to(&self, start: NodeIndex, knot: &[NodeIndex]) -> Vec<usize> {
        let mut came_from: std::collections::BTreeMap<NodeIndex, NodeIndex> = Default::default();
        let mut queue = std::collections::VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for next in self.graph.neighbors(node).filter(|next| knot.contains(next)) {
                if next == start {
                    return trace(&came_from, start, node);
                }
                came_from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    node
                });
            }
        }
        vec![start.index()]
    }
}

fn trace(
    came_from: &std::collections::BTreeMap<NodeIndex, NodeIndex>,
    start: NodeIndex,
    last: NodeIndex,
) -> Vec<usize> {
    let mut path = vec![last.index()];
    let mut node = last;
    while node != start {
        let Some(previous) = came_from.get(&node) else { break };
        node = *previous;
        path.push(node.index());
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(size: usize, edges: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::new(size);
        edges.iter().for_each(|&(one, other)| graph.needs(one, other));
        graph
    }

    #[test]
    fn each_comes_after_what_it_needs() {
        let order = graph(4, &[(0, 1), (1, 3), (2, 3)]).order().unwrap();
        let place = |index| order.iter().position(|&found| found == index).unwrap();
        assert!(place(3) < place(1) && place(1) < place(0) && place(3) < place(2));
    }

    #[test]
    fn the_whole_loop_is_named() {
        let cycles = graph(5, &[(0, 1), (1, 2), (2, 0), (2, 3), (4, 4)]).order().unwrap_err();
        assert!(cycles.contains(&Cycle(vec![0, 1, 2])), "{cycles:?}");
        assert!(cycles.contains(&Cycle(vec![4])), "{cycles:?}");
    }
}
