//! Seeded sampling: the same seed and logits give the same token on every engine.

use alloc::vec::Vec;

use pocketbit_kernels::math::exp;

use crate::error::Error;
use crate::memory::{copied, reserve};

/// How the next token is chosen. Filters apply in this order: repeat penalty, temperature, top-k, min-p, top-p.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplerOptions {
    /// Seed of the random stream.
    pub seed: u64,
    /// 0 is greedy.
    pub temperature: f32,
    /// Keep the k most likely; 0 is off.
    pub top_k: usize,
    /// Keep the smallest set of at least this probability; 1 is off.
    pub top_p: f32,
    /// Keep tokens at least this likely relative to the likeliest; 0 is off.
    pub min_p: f32,
    /// Divides positive and multiplies negative logits of recent tokens; 1 is off. Source: CTRL (arXiv 1909.05858).
    pub repeat_penalty: f32,
    /// How many recent tokens that is.
    pub repeat_last: usize,
}

impl SamplerOptions {
    /// Always the likeliest token, the lowest id among equals.
    pub const GREEDY: Self = SamplerOptions {
        seed: 0,
        temperature: 0.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
        repeat_penalty: 1.0,
        repeat_last: 64,
    };
}

pub(crate) struct Sampler {
    options: SamplerOptions,
    random: Pcg32,
    /// (logit, then weight; id) of the tokens still in play
    candidates: Vec<(f32, u32)>,
}

impl Sampler {
    pub(crate) fn new(options: SamplerOptions) -> Self {
        Sampler { random: Pcg32::new(options.seed), options, candidates: Vec::new() }
    }

    /// Where the random stream stands: a sampler of the same options set to it draws the same tokens from there on.
    pub(crate) fn state(&self) -> u64 {
        self.random.0
    }

    pub(crate) fn set_state(&mut self, state: u64) {
        self.random.0 = state;
    }

    /// The next token from `logits` `[vocab]`; `recent` are the ids of the context so far. NaN never wins.
    /// Errors: `out-of-memory`.
    pub(crate) fn sample(&mut self, logits: &[f32], recent: &[u32]) -> Result<u32, Error> {
        self.candidates.clear();
        reserve(&mut self.candidates, logits.len())?;
        let clean = |l: f32| if l.is_nan() { f32::NEG_INFINITY } else { l };
        self.candidates.extend((0u32..).zip(logits).map(|(id, l)| (clean(*l), id)));
        self.penalize(recent)?;
        if self.options.temperature <= 0.0 {
            return Ok(greedy(&self.candidates));
        }
        self.keep_top_k();
        self.weigh();
        self.keep_likely();
        Ok(self.draw())
    }

    fn penalize(&mut self, recent: &[u32]) -> Result<(), Error> {
        let penalty = self.options.repeat_penalty;
        if penalty == 1.0 {
            return Ok(());
        }
        let mut seen = copied(&recent[recent.len().saturating_sub(self.options.repeat_last)..])?;
        seen.sort_unstable();
        seen.dedup();
        for id in seen {
            if let Some((logit, _)) = self.candidates.get_mut(id as usize) {
                *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
            }
        }
        Ok(())
    }

    /// Sorts the candidates and drops all but the k first.
    fn keep_top_k(&mut self) {
        let k = self.options.top_k;
        if k > 0 && k < self.candidates.len() {
            self.candidates.select_nth_unstable_by(k - 1, likelier);
            self.candidates.truncate(k);
        }
        self.candidates.sort_unstable_by(likelier);
    }

    /// Logits to weights relative to the likeliest, whose weight is 1.
    fn weigh(&mut self) {
        let (max, temperature) = (self.candidates[0].0, self.options.temperature);
        for (value, _) in &mut self.candidates {
            *value = if *value == max { 1.0 } else { exp((*value - max) / temperature) };
        }
    }

    /// Applies min-p, then top-p, to sorted weights.
    fn keep_likely(&mut self) {
        let min_p = self.options.min_p;
        let likely = self.candidates.iter().take_while(|(w, _)| *w >= min_p).count();
        self.candidates.truncate(likely.max(1));
        if self.options.top_p < 1.0 {
            let goal = self.options.top_p * self.total();
            let mut sum = 0.0;
            let inside = self.candidates.iter().take_while(|(w, _)| {
                let open = sum < goal;
                sum += w;
                open
            });
            let kept = inside.count();
            self.candidates.truncate(kept.max(1));
        }
    }

    fn total(&self) -> f32 {
        self.candidates.iter().map(|(w, _)| w).sum()
    }

    fn draw(&mut self) -> u32 {
        let mut left = self.random.unit() * self.total();
        for (weight, id) in &self.candidates {
            left -= weight;
            if left < 0.0 {
                return *id;
            }
        }
        self.candidates[self.candidates.len() - 1].1
    }
}

fn likelier(a: &(f32, u32), b: &(f32, u32)) -> core::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}

fn greedy(candidates: &[(f32, u32)]) -> u32 {
    candidates.iter().fold((f32::NEG_INFINITY, 0), |best, c| if c.0 > best.0 { *c } else { best }).1
}

/// PCG-XSH-RR 64/32 (O'Neill 2014).
struct Pcg32(u64);

impl Pcg32 {
    const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
    const INCREMENT: u64 = 1_442_695_040_888_963_407;

    fn new(seed: u64) -> Self {
        let mut random = Pcg32(seed.wrapping_add(Self::INCREMENT));
        random.next();
        random
    }

    fn next(&mut self) -> u32 {
        let old = self.0;
        self.0 = old.wrapping_mul(Self::MULTIPLIER).wrapping_add(Self::INCREMENT);
        let shifted = (((old >> 18) ^ old) >> 27) as u32;
        shifted.rotate_right((old >> 59) as u32)
    }

    /// Uniform in [0, 1), 24 bits.
    fn unit(&mut self) -> f32 {
        (self.next() >> 8) as f32 / 16_777_216.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 5] = [1.0, 3.0, 2.0, 3.0, f32::NAN];

    fn draws(options: SamplerOptions, n: usize) -> Vec<u32> {
        let mut sampler = Sampler::new(options);
        (0..n).map(|_| sampler.sample(&LOGITS, &[]).unwrap()).collect()
    }

    #[test]
    fn greedy_takes_the_lowest_id_among_equals() {
        assert_eq!(draws(SamplerOptions::GREEDY, 2), [1, 1]);
    }

    #[test]
    fn a_seed_is_a_stream() {
        let options = SamplerOptions { temperature: 1.0, seed: 7, ..SamplerOptions::GREEDY };
        let first = draws(options.clone(), 64);
        assert_eq!(first, draws(options.clone(), 64));
        assert_ne!(first, draws(SamplerOptions { seed: 8, ..options }, 64));
        assert!(!first.contains(&4), "NaN was drawn");
    }

    #[test]
    fn a_stream_goes_on_where_its_state_was_taken() {
        let options = SamplerOptions { temperature: 1.0, seed: 7, ..SamplerOptions::GREEDY };
        let whole = draws(options.clone(), 64);
        let mut first = Sampler::new(options.clone());
        for _ in 0..40 {
            first.sample(&LOGITS, &[]).unwrap();
        }
        let mut second = Sampler::new(options);
        second.set_state(first.state());
        let rest: Vec<u32> = (40..64).map(|_| second.sample(&LOGITS, &[]).unwrap()).collect();
        assert_eq!(rest, whole[40..]);
    }

    #[test]
    fn filters_narrow_the_choice() {
        let hot = SamplerOptions { temperature: 1.0, ..SamplerOptions::GREEDY };
        let only = |options, allowed: &[u32]| assert!(draws(options, 200).iter().all(|id| allowed.contains(id)));
        only(SamplerOptions { top_k: 2, ..hot.clone() }, &[1, 3]);
        only(SamplerOptions { top_p: 0.5, ..hot.clone() }, &[1, 3]);
        only(SamplerOptions { min_p: 0.3, ..hot.clone() }, &[1, 2, 3]);
        only(SamplerOptions { temperature: 0.01, ..hot }, &[1, 3]);
    }

    #[test]
    fn frequencies_follow_the_softmax() {
        let hot = SamplerOptions { temperature: 1.0, seed: 3, ..SamplerOptions::GREEDY };
        let drawn = draws(hot, 20_000);
        let share = |id| drawn.iter().filter(|d| **d == id).count() as f64 / 20_000.0;
        let weights = LOGITS[..4].iter().map(|l| f64::from(*l).exp());
        let total: f64 = weights.clone().sum();
        for (id, weight) in weights.enumerate() {
            assert!((share(id as u32) - weight / total).abs() < 0.015, "token {id}");
        }
    }

    #[test]
    fn the_penalty_pushes_recent_tokens_down() {
        let mut sampler = Sampler::new(SamplerOptions { repeat_penalty: 2.0, ..SamplerOptions::GREEDY });
        assert_eq!(sampler.sample(&LOGITS, &[1, 3]), Ok(2));
        assert_eq!(sampler.sample(&LOGITS, &[1, 9]), Ok(3));
    }
}
