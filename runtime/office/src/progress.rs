//! How far something long has come, for whoever shows that to a person. Nothing is decided by it.

/// Told after each part: how much is done, of how much in all. The second may be put right on the way.
pub type Told<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// What is done of something that is told about.
pub(crate) struct Steps<'a> {
    told: Told<'a>,
    done: u64,
    all: u64,
}

impl<'a> Steps<'a> {
    /// Nothing is done, of so much.
    pub(crate) fn of(told: Told<'a>, all: usize) -> Self {
        Self { told, done: 0, all: all as u64 }
    }

    /// So much is still to be done, as is known by now.
    pub(crate) fn left(&mut self, left: usize) {
        self.all = self.done + left as u64;
    }

    /// So much more is done.
    pub(crate) fn add(&mut self, count: usize) {
        self.done += count as u64;
        (self.told)(self.done.min(self.all), self.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_never_goes_back_nor_beyond_its_end() {
        let mut seen = Vec::new();
        let mut tell = |done: u64, all: u64| seen.push((done, all));
        let mut steps = Steps::of(&mut tell, 10);
        steps.add(4);
        steps.left(2);
        steps.add(1);
        steps.add(5);
        assert_eq!(seen, [(4, 10), (5, 6), (6, 6)]);
    }
}
