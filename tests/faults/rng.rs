//! Random numbers that a seed determines.

use std::time::Duration;

#[derive(Clone)]
pub struct Rng {
    numbers: fastrand::Rng,
    /// The number of the run, for what is tried in order.
    pub run: u64,
}

impl Rng {
    /// The numbers of one run of a scenario.
    pub fn new(seed: u64, scenario: &str, run: u64) -> Self {
        // FNV-1a
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let bytes = scenario.bytes().chain(seed.to_le_bytes()).chain(run.to_le_bytes());
        Self { numbers: fastrand::Rng::with_seed(bytes.fold(0xcbf2_9ce4_8422_2325, mix)), run }
    }

    /// A number less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.numbers.u64(..end.max(1))
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.numbers.usize(..values.len())]
    }

    /// A moment within `time`, to the microsecond.
    pub fn moment(&mut self, time: Duration) -> Duration {
        Duration::from_micros(self.below(time.as_micros() as u64))
    }
}
