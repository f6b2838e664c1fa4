#!/usr/bin/env bash
# Gives Debian's rustc the target wasm32-unknown-unknown, for machines where `rustup target add` cannot fetch it.
#
# Debian packages rustc without a standard library for wasm32, but does package the library's source (rust-web-src).
# This builds it once with Cargo's build-std and installs the rlibs into <sysroot>/lib/rustlib/wasm32-unknown-unknown,
# where rustc finds them without any flag. Needs root. Nothing is fetched but Debian packages.
#
# usage: wasm-sysroot.sh [--force]
set -euo pipefail

force=0
[ "${1:-}" = --force ] && force=1
target=wasm32-unknown-unknown
rustc=/usr/bin/rustc
cargo=/usr/bin/cargo

install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "  apt-get install ${missing[*]}"
  apt-get update -qq || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

install_missing rustc-web cargo-web rust-web-src
llvm=$("$rustc" -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
install_missing "lld-$llvm"

sysroot=$("$rustc" --print sysroot)
host=$("$rustc" -vV | sed -n 's/^host: //p')
source=$(readlink -f "$sysroot/lib/rustlib/src/rust/library")
root="$sysroot/lib/rustlib/$target"
stamp="$root/.pocketbit"
version=$("$rustc" --version)

# rustc looks for the wasm linker here; rust-web-llvm's own rust-lld is a dangling link without lld-<major>.
mkdir -p "$sysroot/lib/rustlib/$host/bin"
ln -sfn "/usr/lib/llvm-$llvm/bin/lld" "$sysroot/lib/rustlib/$host/bin/rust-lld"

if [ $force = 0 ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version" ] && ls "$root"/lib/libstd-*.rlib >/dev/null 2>&1; then
  echo "  standard library for $target is up to date"
  exit 0
fi

echo "  building the standard library for $target ($version), about two minutes"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/crate/src"
: > "$work/crate/src/lib.rs"
cat > "$work/crate/Cargo.toml" <<'TOML'
[package]
name = "empty_crate"
version = "0.0.0"
edition = "2021"
[workspace]
[profile.release]
codegen-units = 1
TOML

# An empty crate, because building std's own workspace would ask for dev-dependencies that Debian does not vendor.
# RUSTC_BOOTSTRAP permits -Z build-std on a stable rustc; only this build uses it.
cd "$work/crate"
env -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET -u CARGO_BUILD_RUSTFLAGS -u RUSTC_WRAPPER -u RUSTUP_TOOLCHAIN \
  RUSTC_BOOTSTRAP=1 RUSTC="$rustc" CARGO_HOME="$work/home" CARGO_TARGET_DIR="$work/target" CARGO_INCREMENTAL=0 \
  __CARGO_DEFAULT_LIB_METADATA=pocketbit \
  RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$source=/rustc/library" \
  "$cargo" build --quiet --offline --release --target "$target" \
  -Z build-std=std,panic_abort,proc_macro,test \
  --config 'source.crates-io.replace-with="vendored"' \
  --config "source.vendored.directory=\"$source/vendor\""

mkdir -p "$root/lib.new"
cp "$work/target/$target/release/deps"/*.rlib "$root/lib.new/"
rm -f "$root/lib.new"/libempty_crate-*
rm -rf "$root/lib"
mv "$root/lib.new" "$root/lib"
printf '%s' "$version" > "$stamp"
echo "  installed $(ls "$root/lib" | wc -l) libraries, $(du -sh "$root/lib" | cut -f1), in $root/lib"
