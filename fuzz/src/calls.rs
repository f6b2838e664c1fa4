//! Calls on a model in any order, and what must hold of their answers.

use pocketbit_model::{Model, SamplerOptions};

use crate::input::Input;
use crate::outcome::Outcome;
use crate::wanted::signed;

const MAX_CALLS: usize = 12;

pub(crate) fn all(input: &mut Input, model: &mut Model, vocab: usize, outcome: &mut Outcome) {
    outcome.number(model.profile().len() as u64);
    assert!(model.resident_bytes() > 0);
    forward(input, model, vocab, outcome);
    for _ in 0..input.below(MAX_CALLS) {
        one(input, model, vocab, outcome);
    }
    again(model, outcome);
}

fn one(input: &mut Input, model: &mut Model, vocab: usize, outcome: &mut Outcome) {
    match input.below(8) {
        0 => forward(input, model, vocab, outcome),
        1 => pieces(input, model, vocab, outcome),
        2 => model.truncate(input.pick(&[0, 1, 3, 70, usize::MAX])),
        3 => {
            model.set_sampler(sampler(input));
            draw(model, vocab, outcome);
        }
        4 => {
            model.restore_sampler(input.word());
            draw(model, vocab, outcome);
            outcome.number(model.sampler_state());
        }
        5 => assert!(outcome.of(model.restore_context(&input.bytes())).is_none(), "no context is so short"),
        _ => restore(input, model, outcome),
    }
}

/// Up to 70 ids, more than go through the layers together.
fn ids(input: &mut Input, vocab: usize) -> Vec<u32> {
    let count = match input.byte() {
        few @ 0..=200 => usize::from(few % 5),
        many => usize::from(many - 185),
    };
    let (first, step) = (usize::from(input.byte()), usize::from(input.byte()));
    let past = usize::from(input.seldom());
    (0..count).map(|i| ((first + i * step) % (vocab + past)) as u32).collect()
}

fn forward(input: &mut Input, model: &mut Model, vocab: usize, outcome: &mut Outcome) {
    let (ids, before) = (ids(input, vocab), model.ids().to_vec());
    match outcome.of(model.forward(&ids)) {
        Some(()) => outcome.logits(model),
        None => assert_eq!(model.ids(), before),
    }
}

/// A forward pass a layer or two at a time, which may be left in its middle.
fn pieces(input: &mut Input, model: &mut Model, vocab: usize, outcome: &mut Outcome) {
    let ids = ids(input, vocab);
    outcome.of(model.begin(&ids));
    for _ in 0..input.below(6) {
        let layers = input.pick(&[1, 0, 2, usize::MAX]);
        if outcome.of(model.advance(layers)) == Some(true) {
            outcome.logits(model);
        }
    }
}

fn draw(model: &mut Model, vocab: usize, outcome: &mut Outcome) {
    let id = model.sample().expect("there is memory");
    assert!((id as usize) < vocab);
    outcome.number(u64::from(id));
}

fn sampler(input: &mut Input) -> SamplerOptions {
    let mut any = || match input.byte() {
        at @ 0..=8 => [1.0, 0.0, 0.7, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-40, 3e38][usize::from(at)],
        other => f32::from(other) / 100.0,
    };
    let [temperature, top_p, min_p, repeat_penalty] = [any(), any(), any(), any()];
    let (top_k, repeat_last) = (input.pick(&[0, 1, 3, usize::MAX]), input.pick(&[0, 1, 64, usize::MAX]));
    SamplerOptions { seed: input.word(), temperature, top_k, top_p, min_p, repeat_penalty, repeat_last }
}

/// Gives the model its own context back, edited, mostly with the checksum that it should have.
fn restore(input: &mut Input, model: &mut Model, outcome: &mut Outcome) {
    let Some(saved) = outcome.of(model.save_context()) else { return };
    outcome.bytes(&saved);
    let mut bytes = saved.clone();
    for _ in 0..input.below(5) {
        let (at, value) = (input.short(), input.byte());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = value;
        }
    }
    match input.byte() {
        250.. => bytes.truncate(input.short()),
        240..=249 => bytes.extend(input.bytes()),
        _ => {}
    }
    let sign = !input.seldom() && signed(&mut bytes);
    match outcome.of(model.restore_context(&bytes)) {
        Some(()) => {
            assert!(sign || bytes == saved, "edited bytes were taken");
            assert_eq!(model.save_context().ok(), Some(bytes), "another context came back");
        }
        None => assert_eq!(model.save_context().ok(), Some(saved), "a refused context changed the model's own"),
    }
}

/// The same ids anew, in one piece, one by one and over a saved context, give the same bits.
fn again(model: &mut Model, outcome: &mut Outcome) {
    let ids = model.ids().to_vec();
    let Some((last, rest)) = ids.split_last() else { return };
    model.truncate(0);
    if outcome.of(model.forward(&ids)).is_none() {
        return;
    }
    let bits = |model: &Model| model.logits().iter().map(|logit| logit.to_bits()).collect::<Vec<_>>();
    let whole = bits(model);
    outcome.logits(model);
    let saved = model.save_context().expect("a context was saved before");
    model.truncate(0);
    let came = rest.iter().all(|id| outcome.of(model.forward(&[*id])).is_some());
    if came && outcome.of(model.forward(&[*last])).is_some() {
        assert_eq!(bits(model), whole, "ids one by one gave other bits");
    }
    model.restore_context(&saved).expect("its own context is taken");
    model.truncate(rest.len());
    if outcome.of(model.forward(&[*last])).is_some() {
        assert_eq!(bits(model), whole, "a restored context gave other bits");
    }
}
