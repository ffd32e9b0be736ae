# Settings of packaging/build and packaging/check, which source it at the top of the checkout.

root=$PWD
work=$root/target/packages
dist=$work/dist
target=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# Arguments of maturin. zig links for glibc 2.17.
maturin_options=(--release --zig --compatibility manylinux2014 --target "$target")

step() { printf '\n--- %s\n' "$*"; }

# rust_flags [FLAG]...: for CARGO_ENCODED_RUSTFLAGS; no path of this machine is in a binary.
rust_flags() {
  local IFS=$'\x1f' flags=(
    "--remap-path-prefix=$(rustc --print sysroot)=/rust"
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    "--remap-path-prefix=$root=/spacectl"
    "--remap-path-prefix=$CARGO_TARGET_DIR=/target"
    "$@"
  )
  printf '%s' "${flags[*]}"
}

# Times, order and owners are those of the commit, not of the build.
export LC_ALL=C TZ=UTC
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
# What `spacectl version` shows.
SPACECTL_COMMIT=${SPACECTL_COMMIT:-$(git rev-parse HEAD)$(git diff --quiet HEAD -- || echo -modified)}
export SOURCE_DATE_EPOCH SPACECTL_COMMIT
umask 022

# The tools' caches stay in the checkout.
export CARGO_TARGET_DIR=$work/cargo
export XDG_CACHE_HOME=$work/cache CARGO_ZIGBUILD_CACHE_DIR=$work/cache/zigbuild ZIG_GLOBAL_CACHE_DIR=$work/cache/zig

# buildah works without privileges.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF=$work/storage.conf
mkdir -p "$dist"
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$work/storage" "$work/run" \
  >"$CONTAINERS_STORAGE_CONF"
