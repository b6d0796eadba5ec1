//! Leaving out the edges that others imply.
//!
//! petgraph's transitive reduction holds the whole closure, which is quadratic in memory,
//! and knows one kind of edge only.

use std::collections::HashMap;

use super::{Edge, EdgeKind, Picture};
use crate::graph::Graph;

impl Picture {
    /// Without the edges that are no news: who needs a subnet needs its VPC. An edge that
    /// waits until something is done is implied only by another that does. In a picture
    /// with a loop all edges stay.
    #[must_use]
    pub fn reduced(mut self) -> Self {
        if let Some(mut reduction) = Reduction::new(&self) {
            let edges = std::mem::take(&mut self.edges);
            self.edges = edges.into_iter().filter(|edge| !reduction.implies(edge)).collect();
        }
        self
    }

    /// How many stand one after the other below each node; `None` in a picture with a loop.
    pub(super) fn depths(&self) -> Option<Vec<usize>> {
        let mut graph = Graph::new(self.nodes.len());
        self.edges.iter().for_each(|edge| graph.needs(edge.from, edge.to));
        let mut depths = vec![0; self.nodes.len()];
        for node in graph.order().ok()? {
            depths[node] = graph.needed_by(node).map(|needed| depths[needed] + 1).max().unwrap_or(0);
        }
        Some(depths)
    }
}

struct Reduction {
    needs: Vec<Vec<(usize, EdgeKind)>>,
    depth: Vec<usize>,
    /// Whose ways are in `implied`.
    of: Option<usize>,
    /// What is needed by what the node `of` needs, and how far that must have come.
    implied: HashMap<usize, EdgeKind>,
    /// How many walks there were.
    walks: usize,
    /// The last walk that came to each node.
    reached_in: Vec<usize>,
}

impl Reduction {
    /// `None` when nodes need each other in a circle.
    fn new(picture: &Picture) -> Option<Self> {
        let (depth, mut needs) = (picture.depths()?, vec![Vec::new(); picture.nodes.len()]);
        picture.edges.iter().for_each(|edge| needs[edge.from].push((edge.to, edge.what)));
        let reached_in = vec![0; needs.len()];
        Some(Self { needs, depth, of: None, implied: HashMap::new(), walks: 0, reached_in })
    }

    fn implies(&mut self, edge: &Edge) -> bool {
        if self.of != Some(edge.from) {
            self.walk_from(edge.from);
        }
        self.implied.get(&edge.to).is_some_and(|&what| what >= edge.what)
    }

    /// Finds what is implied for `node`, going no deeper than what it needs itself.
    fn walk_from(&mut self, node: usize) {
        self.of = Some(node);
        self.walks += 1;
        self.implied.clear();
        let direct = self.needs[node].iter().map(|&(needed, _)| needed);
        let floor = direct.clone().map(|needed| self.depth[needed]).min().unwrap_or(0);
        let mut open: Vec<usize> = direct.collect();
        while let Some(next) = open.pop() {
            if self.depth[next] <= floor || std::mem::replace(&mut self.reached_in[next], self.walks) == self.walks {
                continue;
            }
            for &(needed, what) in &self.needs[next] {
                let known = self.implied.entry(needed).or_insert(what);
                *known = what.max(*known);
                open.push(needed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Node;
    use super::*;
    use crate::address::Address;

    fn picture(size: usize, edges: &[(usize, usize, EdgeKind)]) -> Picture {
        let node = |index: usize| Node { address: Address::root(format!("n{index}")), kind: String::new(), note: None };
        let edge = |&(from, to, what)| Edge { from, to, what };
        Picture { title: String::new(), nodes: (0..size).map(node).collect(), edges: edges.iter().map(edge).collect() }
    }

    fn kept(size: usize, edges: &[(usize, usize, EdgeKind)]) -> Vec<(usize, usize)> {
        picture(size, edges).reduced().edges.iter().map(|edge| (edge.from, edge.to)).collect()
    }

    /// What starts after which is done (`Done`) or has begun (`Early`), over any ways.
    fn waits(size: usize, edges: &[Edge]) -> HashMap<(usize, usize), EdgeKind> {
        let mut waits = HashMap::new();
        for from in 0..size {
            let mut open = vec![from];
            while let Some(next) = open.pop() {
                for edge in edges.iter().filter(|edge| edge.from == next) {
                    let known = waits.entry((from, edge.to)).or_insert(edge.what);
                    *known = edge.what.max(*known);
                    open.push(edge.to);
                }
            }
        }
        waits
    }

    #[test]
    fn an_edge_that_others_imply_goes() {
        use EdgeKind::{Done, Early};
        assert_eq!(kept(3, &[(2, 1, Early), (1, 0, Early), (2, 0, Early)]), [(2, 1), (1, 0)]);
        assert_eq!(kept(3, &[(2, 1, Early), (1, 0, Done), (2, 0, Done)]), [(2, 1), (1, 0)]);
        assert_eq!(kept(3, &[(2, 1, Done), (1, 0, Early), (2, 0, Done)]), [(2, 1), (1, 0), (2, 0)]);
    }

    #[test]
    fn all_edges_of_a_loop_stay() {
        let edges = [(0, 1, EdgeKind::Done), (1, 2, EdgeKind::Done), (2, 0, EdgeKind::Done), (0, 0, EdgeKind::Early)];
        assert_eq!(kept(3, &edges).len(), edges.len());
    }

    proptest! {
        #[test]
        fn what_waits_for_what_stays_the_same_and_nothing_more_can_go(
            pairs in prop::collection::btree_map((0..9_usize, 0..9_usize), any::<bool>(), 0..30)
                .prop_map(Vec::from_iter).prop_shuffle()
        ) {
            let what = |done| if done { EdgeKind::Done } else { EdgeKind::Early };
            let downwards = pairs.into_iter().filter(|((from, to), _)| from > to);
            let edges: Vec<_> = downwards.map(|((from, to), done)| (from, to, what(done))).collect();
            let full = picture(9, &edges);
            let expected = waits(9, &full.edges);
            let reduced = full.reduced().edges;
            prop_assert_eq!(&waits(9, &reduced), &expected);
            for left_out in 0..reduced.len() {
                let mut fewer = reduced.clone();
                fewer.remove(left_out);
                prop_assert_ne!(&waits(9, &fewer), &expected);
            }
        }
    }
}
