//! libFuzzer's door: `cargo fuzz run engine`, or what `npm run show -- robust` builds.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    pocketbit_fuzz::engine(data);
});
