//! The blocks around a time, by few questions.

use super::block::Block;

/// Blocks that are stepped back at first.
const FIRST_STEP: u64 = 1024;

/// A part of the chain that has the first block which is not before a time: after `before`, and not after `end`.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockSearch {
    time: u64,
    /// A block before that time; none as long as none is known.
    before: Option<Block>,
    /// A block that is not before that time.
    end: Block,
}

impl BlockSearch {
    /// Begins with the whole chain; none where all of it is before that time.
    pub(super) fn new(time: u64, newest: Block) -> Option<Self> {
        (newest.time >= time).then_some(Self {
            time,
            before: None,
            end: newest,
        })
    }

    /// Takes account of a block that is known from elsewhere.
    pub(super) fn learn(&mut self, block: Block) {
        let first = self.first();
        // Of a node that lies of times, what does not fit is left out.
        match block.time < self.time {
            true if (first..self.last()).contains(&block.number) => self.before = Some(block),
            false if (first..self.last()).contains(&block.number) => self.end = block,
            _ => {}
        }
    }

    /// The number of the first block that it can be.
    pub(super) fn first(&self) -> u64 {
        self.before.map_or(0, |before| before.number + 1)
    }

    /// The number of the last block that it can be.
    pub(super) fn last(&self) -> u64 {
        self.end.number
    }

    /// Asks for blocks until there are no more than `most` that it can be. A block that is not there ends it.
    pub(super) fn narrow<E>(
        &mut self,
        most: u64,
        mut ask: impl FnMut(u64) -> Result<Option<Block>, E>,
    ) -> Result<Option<()>, E> {
        let mut step = FIRST_STEP;
        let mut guesses = Guesses::default();
        while self.last() - self.first() >= most.max(1) {
            let (first, last) = (self.first(), self.last());
            let is_guess = self.before.is_some() && guesses.help();
            let wanted = match self.before {
                None => {
                    let wanted = last.saturating_sub(step);
                    step = step.saturating_mul(16);
                    wanted
                }
                Some(before) if is_guess => {
                    guesses.beyond(self.guess(before)).clamp(first, last - 1)
                }
                Some(_) => first + (last - first) / 2,
            };
            let Some(found) = ask(wanted)? else {
                return Ok(None);
            };
            let is_before = found.time < self.time;
            if is_before {
                self.before = Some(found);
            } else {
                self.end = found;
            }
            let left = self.last() - self.first();
            if is_guess {
                guesses.learn(wanted, is_before, left <= (last - first) / 4);
            }
        }
        Ok(Some(()))
    }

    /// Where that time would be if times grew evenly.
    fn guess(&self, before: Block) -> u64 {
        let blocks = u128::from(self.end.number - before.number);
        let seconds = u128::from((self.end.time - before.time).max(1));
        let after = u128::from(self.time - before.time) * blocks / seconds;
        let guess = before
            .number
            .saturating_add(u64::try_from(after).unwrap_or(0));
        guess.clamp(self.first(), self.last() - 1)
    }
}

/// Guesses by time. They grow about evenly, but a chain may have stood still, or changed its pace.
#[derive(Debug, Default)]
struct Guesses {
    /// The last one, and whether it was before the time.
    last: Option<(u64, bool)>,
    /// How many did not help.
    poor: u32,
}

impl Guesses {
    /// Whether more of them are worth it: else the middle is asked for.
    fn help(&self) -> bool {
        self.poor < 3
    }

    /// A guess that goes a little beyond, away from the last one, so that the time lies between the two.
    fn beyond(&self, guess: u64) -> u64 {
        match self.last {
            None => guess,
            Some((last, was_before)) => {
                let margin = guess.abs_diff(last) / 8 + 16;
                match was_before {
                    true => guess.saturating_add(margin),
                    false => guess.saturating_sub(margin),
                }
            }
        }
    }

    fn learn(&mut self, asked: u64, was_before: bool, helped: bool) {
        self.poor += u32::from(!helped);
        self.last = Some((asked, was_before));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::chain::poco::Id;

    fn block(number: u64, time: u64) -> Block {
        Block {
            number,
            hash: Id::ZERO,
            time,
        }
    }

    /// Looks for a time; returns the questions, and where it is.
    fn search(time_of: &dyn Fn(u64) -> u64, newest: u64, time: u64, most: u64) -> (u64, u64, u64) {
        let newest = block(newest, time_of(newest));
        let mut search = BlockSearch::new(time, newest).unwrap();
        let mut asked = 0;
        let ask = |number| {
            asked += 1;
            Ok::<_, Infallible>(Some(block(number, time_of(number))))
        };
        search.narrow(most, ask).unwrap().unwrap();
        (asked, search.first(), search.last())
    }

    /// A chain of four blocks each second, whose pace has changed now and then, and that stood still twice.
    fn arbitrum(number: u64) -> u64 {
        let mut time = 1_622_000_000 + number / 4;
        if number > 20_000_000 {
            time += 86_400 * 90 + (number - 20_000_000) / 9;
        }
        if number > 300_000_000 {
            time += 3_600 * 7;
        }
        time
    }

    #[test]
    fn a_block_is_found_by_few_questions() {
        let newest = 400_000_000;
        for number in [
            1,
            999,
            19_999_999,
            20_000_001,
            123_456_789,
            300_000_000,
            300_000_001,
            399_000_000,
            newest - 1,
            newest,
        ] {
            let time = arbitrum(number);
            let (asked, first, last) = search(&arbitrum, newest, time, 1);
            assert_eq!(first, last);
            assert_eq!(arbitrum(first), time, "{number}");
            assert!(first == 0 || arbitrum(first - 1) < time, "{number}");
            assert!(asked <= 40, "{number}: {asked}");
            let (asked, first, last) = search(&arbitrum, newest, time, 1000);
            assert!(asked <= 30, "{number}: {asked}");
            assert!(arbitrum(last) >= time && (first == 0 || arbitrum(first - 1) < time));
            assert!(last - first < 1000);
        }
    }

    #[test]
    fn a_short_chain_is_no_matter() {
        let steady = |number| number * 2;
        for newest in 0..40 {
            for number in 0..=newest {
                let (_, first, last) = search(&steady, newest, steady(number), 1);
                assert_eq!((first, last), (number, number), "{newest}");
            }
        }
        assert!(BlockSearch::new(81, block(40, 80)).is_none());
    }

    #[test]
    fn blocks_that_were_asked_for_before_are_not_asked_for_again() {
        let newest = block(400_000_000, arbitrum(400_000_000));
        let mut known: Vec<Block> = Vec::new();
        let mut search = |number: u64| {
            let mut search = BlockSearch::new(arbitrum(number), newest).unwrap();
            known.iter().for_each(|block| search.learn(*block));
            let mut asked = 0;
            let ask = |number| {
                asked += 1;
                known.push(block(number, arbitrum(number)));
                Ok::<_, Infallible>(Some(block(number, arbitrum(number))))
            };
            search.narrow(1000, ask).unwrap().unwrap();
            let last = arbitrum(search.last());
            assert!(search.first() <= number && last >= arbitrum(number));
            asked
        };
        let number = 123_456_789;
        assert!(search(number) > 5);
        assert_eq!(search(number), 0);
        assert!((1..=300).all(|more| search(number + more) < 5));
    }

    #[test]
    fn a_block_that_is_not_there_any_more_ends_it() {
        let mut search = BlockSearch::new(5, block(1_000_000, 1_000_000)).unwrap();
        let kept = |number| Ok::<_, Infallible>((number > 900_000).then(|| block(number, number)));
        assert_eq!(search.narrow(10, kept), Ok(None));
    }

    #[test]
    fn a_node_that_lies_of_times_does_not_hold_it_up() {
        for lie in [0, 1, u64::MAX] {
            let mut search = BlockSearch::new(u64::MAX / 2, block(u64::MAX, u64::MAX)).unwrap();
            for (number, time) in [(7, u64::MAX), (9, 0), (7, 0), (5, u64::MAX), (u64::MAX, 0)] {
                search.learn(block(number, time));
                assert!(search.first() <= search.last());
            }
            let mut asked = 0;
            let ask = |number| {
                asked += 1;
                Ok::<_, Infallible>(Some(block(number, lie)))
            };
            search.narrow(1, ask).unwrap();
            assert!(asked < 200, "{asked}");
        }
    }
}
