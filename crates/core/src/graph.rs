//! Order among things that need each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::replace;

/// Things by index, and which needs which.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// What each needs; some of it perhaps more than once.
    needs: Vec<Vec<usize>>,
}

/// Things that need each other in a circle, each needing the next and the last the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

impl Graph {
    /// `size` things, none needing another yet.
    pub fn new(size: usize) -> Self {
        Self { needs: vec![Vec::new(); size] }
    }

    /// Notes that `one` needs `other`. Noting it again changes nothing.
    pub fn needs(&mut self, one: usize, other: usize) {
        self.needs[one].push(other);
    }

    /// What `one` needs itself; some of it perhaps more than once.
    pub fn needed_by(&self, one: usize) -> impl Iterator<Item = usize> {
        self.needs[one].iter().copied()
    }

    /// An order in which each thing comes after all it needs.
    ///
    /// # Errors
    /// One loop for every knot of things that need each other.
    pub fn order(&self) -> Result<Vec<usize>, Vec<Cycle>> {
        let knots = Search::knots(&self.distinct());
        let cycles: Vec<Cycle> = knots.iter().filter_map(|knot| self.cycle_in(knot)).collect();
        if !cycles.is_empty() {
            return Err(cycles);
        }
        Ok(knots.into_iter().flatten().collect())
    }

    /// What each needs, each once, in the order in which it was noted first.
    fn distinct(&self) -> Vec<Vec<usize>> {
        let mut seen_by = vec![usize::MAX; self.needs.len()];
        let mut distinct = |(one, needed): (usize, &Vec<usize>)| {
            let needed = needed.iter().copied();
            needed.filter(|&other| replace(&mut seen_by[other], one) != one).collect()
        };
        self.needs.iter().enumerate().map(&mut distinct).collect()
    }

    /// A loop inside a strongly connected component, from its lowest index on.
    fn cycle_in(&self, knot: &[usize]) -> Option<Cycle> {
        let start = *knot.iter().min()?;
        let is_loop = knot.len() > 1 || self.needs[start].contains(&start);
        is_loop.then(|| Cycle(self.walk_back_to(start, knot)))
    }

    /// The shortest way from `start` to itself inside `knot`.
    fn walk_back_to(&self, start: usize, knot: &[usize]) -> Vec<usize> {
        let knot: BTreeSet<usize> = knot.iter().copied().collect();
        let mut came_from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(one) = queue.pop_front() {
            for &next in self.needs[one].iter().rev().filter(|next| knot.contains(next)) {
                if next == start {
                    return trace(&came_from, start, one);
                }
                came_from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    one
                });
            }
        }
        vec![start]
    }
}

fn trace(came_from: &BTreeMap<usize, usize>, start: usize, last: usize) -> Vec<usize> {
    let mut path = vec![last];
    let mut one = last;
    while one != start {
        let Some(previous) = came_from.get(&one) else { break };
        one = *previous;
        path.push(one);
    }
    path.reverse();
    path
}

/// Tarjan's search for strongly connected components, without recursion: a chain may be
/// longer than the stack is deep.
struct Search<'a> {
    needs: &'a [Vec<usize>],
    /// When each thing was come to, from 1 on; 0 for those that were not yet.
    come_to: Vec<usize>,
    /// The earliest that is known to be in the same knot, by when it was come to; nothing
    /// is later than `usize::MAX`, which stands for knots that are complete.
    earliest: Vec<usize>,
    /// The way to where the search is, and how many of the needs of each are left.
    path: Vec<(usize, usize)>,
    /// Those whose knots are not complete, in the order in which they were come to.
    open: Vec<usize>,
    knots: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    /// All components, each after those it needs.
    fn knots(needs: &'a [Vec<usize>]) -> Vec<Vec<usize>> {
        let zeros = vec![0; needs.len()];
        let (path, open, knots) = (Vec::new(), Vec::new(), Vec::new());
        let mut search = Self { needs, come_to: zeros.clone(), earliest: zeros, path, open, knots };
        let mut count = 0;
        for one in 0..needs.len() {
            if search.come_to[one] == 0 {
                search.walk_from(one, &mut count);
            }
        }
        search.knots
    }

    fn walk_from(&mut self, start: usize, count: &mut usize) {
        self.enter(start, count);
        while let Some((one, left)) = self.path.last_mut() {
            let one = *one;
            if *left == 0 {
                self.leave(one);
                continue;
            }
            *left -= 1;
            let next = self.needs[one][*left];
            match self.come_to[next] {
                0 => self.enter(next, count),
                _ => self.earliest[one] = self.earliest[one].min(self.earliest[next]),
            }
        }
    }

    fn enter(&mut self, one: usize, count: &mut usize) {
        *count += 1;
        (self.come_to[one], self.earliest[one]) = (*count, *count);
        self.path.push((one, self.needs[one].len()));
        self.open.push(one);
    }

    /// All that `one` needs was walked.
    fn leave(&mut self, one: usize) {
        self.path.pop();
        if let Some(&(before, _)) = self.path.last() {
            self.earliest[before] = self.earliest[before].min(self.earliest[one]);
        }
        if self.earliest[one] == self.come_to[one] {
            let first = self.open.iter().rposition(|&other| other == one).unwrap_or(0);
            let knot = self.open.split_off(first);
            knot.iter().for_each(|&other| self.earliest[other] = usize::MAX);
            self.knots.push(knot);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    #[test]
    fn what_is_needed_twice_is_there_once() {
        let twice = graph(3, &[(0, 1), (0, 2), (0, 1)]);
        assert_eq!(twice.order().unwrap(), graph(3, &[(0, 1), (0, 2)]).order().unwrap());
    }

    #[test]
    fn a_chain_may_be_longer_than_the_stack_is_deep() {
        let size = 1_000_000;
        let mut chain = Graph::new(size);
        (1..size).for_each(|one| chain.needs(one - 1, one));
        assert_eq!(chain.order().unwrap()[0], size - 1);
        chain.needs(size - 1, 0);
        assert_eq!(chain.order().unwrap_err()[0].0.len(), size);
    }

    proptest! {
        #[test]
        fn an_order_or_loops_are_found_in_any_graph(
            edges in prop::collection::vec((0..8_usize, 0..8_usize), 0..16)
        ) {
            match graph(8, &edges).order() {
                Ok(order) => {
                    let place = |thing| order.iter().position(|&found| found == thing);
                    prop_assert!(order.len() == 8 && edges.iter().all(|(one, other)| place(*other) < place(*one)));
                }
                Err(cycles) => {
                    let mut around = BTreeSet::new();
                    for Cycle(cycle) in &cycles {
                        prop_assert!(cycle.iter().all(|it| around.insert(*it)), "in two knots: {:?}", cycles);
                        let mut pairs = cycle.iter().zip(cycle.iter().cycle().skip(1));
                        prop_assert!(pairs.all(|(one, other)| edges.contains(&(*one, *other))), "{:?}", cycles);
                    }
                }
            }
        }
    }
}
