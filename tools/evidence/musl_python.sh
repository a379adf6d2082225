#!/bin/bash
# Build a dynamically linked CPython 3.11 for musl, out of Debian's packages alone, and one executable of it for each
# loader of musl 1.2 in tests/loader/fixtures. Nothing is installed and root is not needed; about two minutes.
#
#     tools/evidence/musl_python.sh [DIRECTORY]        default .cache/musl-python; JOBS=2
#     DIRECTORY/py/bin/python3.11-1.2.5 -c 'import sys'        also -1.2.2 and -1.2.3
#
# Needs x86_64 Linux with apt, dpkg-deb, gcc, make, python3 and the kernel's headers (linux-libc-dev). It is linked
# against musl 1.2.2, so that it runs under every later one. It has no ssl, sqlite3, bz2, lzma, curses or tkinter.
set -euo pipefail

here=$(cd "$(dirname "$0")/../.." && pwd)
fixtures=$here/tests/loader/fixtures/x86_64
directory=$(realpath -m "${1:-$here/.cache/musl-python}")
jobs=${JOBS:-2}
oldest=1.2.2
loader=ld-musl-x86_64.so.1
stamp=$directory/.done-$(sha256sum "$0" | cut -c1-16)

log() { echo "musl-python: $*" >&2; }

check_needs() {
    [ "$(uname -sm)" = "Linux x86_64" ] || { log "needs Linux on x86_64"; exit 1; }
    for tool in apt-get dpkg-deb gcc make python3; do
        command -v "$tool" >/dev/null || { log "needs $tool"; exit 1; }
    done
    [ -e /usr/include/linux/limits.h ] || { log "needs the kernel's headers: apt-get install linux-libc-dev"; exit 1; }
}

# A private configuration of apt, with the mirror of the machine's own: the system's lists stay as they are.
configure_apt() {
    local mirror keyring="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 | tr -d ' ') || true
    [ -n "$mirror" ] || { log "apt is not configured with a Debian mirror"; exit 1; }
    mkdir -p apt/lists/partial apt/cache/archives/partial
    {
        echo "deb $keyring $mirror bullseye main"
        # The suite is named where packages are asked for: another suite's source may be newer.
        echo "deb-src $keyring $mirror bookworm main"
    } >apt/sources.list
    cat >apt/apt.conf <<END
Dir::Etc::sourcelist "$directory/apt/sources.list"; Dir::Etc::sourceparts "-";
Dir::State::lists "$directory/apt/lists"; Dir::Cache "$directory/apt/cache";
APT::Sandbox::User "root"; Acquire::Languages "none"; APT::Architectures { "amd64"; };
END
    export APT_CONFIG=$directory/apt/apt.conf
    apt-get update -qq
}

download() {
    mkdir -p downloads source
    (
        cd downloads
        apt-get download -qq musl-dev/bullseye musl-tools/bullseye
        apt-get source -qq --download-only python3.11/bookworm zlib/bookworm libffi/bookworm
    )
    for archive in downloads/*.orig.tar.*; do
        case $archive in *.asc) ;; *) tar xf "$archive" -C source ;; esac
    done
}

# A compiler: gcc with the specs of Debian's musl-gcc, moved to where the package was unpacked.
make_compiler() {
    local package
    mkdir -p system kernel-headers
    for package in downloads/musl-*.deb; do dpkg-deb -x "$package" system; done
    for release in "$fixtures"/ld-musl-1.2.*.so; do
        release=${release##*/ld-musl-}
        install -D -m 755 "$fixtures/ld-musl-$release" "musl-${release%.so}/$loader"
    done
    ln -sfn /usr/include/linux kernel-headers/linux
    ln -sfn /usr/include/asm-generic kernel-headers/asm-generic
    ln -sfn /usr/include/x86_64-linux-gnu/asm kernel-headers/asm
    # The package's libc.so is a link into /lib, where nothing is installed.
    rm -f system/usr/lib/x86_64-linux-musl/libc.so
    cp "musl-$oldest/$loader" system/usr/lib/x86_64-linux-musl/libc.so
    sed -e "s#/usr/lib/x86_64-linux-musl#$directory/system&#g" -e "s#/usr/include/x86_64-linux-musl#$directory/system&#g" \
        -e "s#/lib/$loader#$directory/musl-$oldest/$loader#" \
        system/usr/lib/x86_64-linux-musl/musl-gcc.specs >musl.specs
    # CPython takes the triplet of its extension modules from the compiler, and gcc would say -gnu.
    cat >cc <<END
#!/bin/sh
case "\$1" in --print-multiarch) echo x86_64-linux-musl; exit 0 ;; -print-multiarch) echo none; exit 0 ;; esac
exec gcc "\$@" -specs "$directory/musl.specs" -idirafter "$directory/kernel-headers"
END
    chmod +x cc
}

build_zlib() (
    cd source/zlib-*
    CC=$directory/cc CFLAGS="-O1 -fPIC" ./configure --static --prefix="$directory/dependencies"
    make -j"$jobs" libz.a
    install -D -t "$directory/dependencies/lib" libz.a
    install -D -t "$directory/dependencies/include" zlib.h zconf.h
)

build_libffi() (
    mkdir -p build-libffi && cd build-libffi
    ../source/libffi-*/configure CC="$directory/cc" CFLAGS="-O1 -fPIC" --build=x86_64-linux-musl \
        --prefix="$directory/dependencies" --disable-shared --with-pic --disable-docs --disable-multi-os-directory
    make -j"$jobs"
    make install
)

build_python() (
    mkdir -p build-python && cd build-python
    # Without PKG_CONFIG=false it would find the libraries of the system, which are glibc's.
    ../source/Python-3.11*/configure CC="$directory/cc" OPT="-DNDEBUG -O1 -fwrapv -w" \
        CPPFLAGS="-I$directory/dependencies/include" LDFLAGS="-L$directory/dependencies/lib" PKG_CONFIG=false \
        --build=x86_64-linux-musl --prefix="$directory/py" --without-ensurepip --disable-test-modules \
        --without-static-libpython
    make -j"$jobs"
    make altbininstall libinstall inclinstall sharedinstall
)

# One executable for each release, which differ in the loader that PT_INTERP names.
make_executable() {
    python3 - "py/bin/python3.11" "py/bin/python3.11-$1" "$directory/musl-$1/$loader" <<'END'
import struct
import sys
from pathlib import Path

source, target, interpreter = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].encode() + b"\0"
image = bytearray(source.read_bytes())
(table,) = struct.unpack_from("<Q", image, 32)
size, count = struct.unpack_from("<HH", image, 54)
for header in range(table, table + size * count, size):
    if struct.unpack_from("<I", image, header)[0] == 3:  # PT_INTERP
        (offset,) = struct.unpack_from("<Q", image, header + 8)
        (room,) = struct.unpack_from("<Q", image, header + 32)
        if len(interpreter) > room:
            raise SystemExit("the name of the loader is longer than the one that was linked in")
        image[offset : offset + room] = interpreter.ljust(room, b"\0")
        struct.pack_into("<QQ", image, header + 32, len(interpreter), len(interpreter))
target.write_bytes(image)
target.chmod(0o755)
END
    "py/bin/python3.11-$1" -c "
import ctypes, math, sys, sysconfig, zlib
assert sysconfig.get_config_var('SOABI') == 'cpython-311-x86_64-linux-musl', sysconfig.get_config_var('SOABI')
print('musl $1: Python', sys.version.split()[0], sysconfig.get_config_var('SOABI'))"
}

step() {
    log "$1"
    "$1" >"$1.log" 2>&1 || { tail -30 "$1.log" >&2; log "$1 failed; see $directory/$1.log"; exit 1; }
}

if [ -e "$stamp" ]; then
    log "already in $directory"
    exit 0
fi
check_needs
mkdir -p "$directory" && cd "$directory"
configure_apt
for part in download make_compiler build_zlib build_libffi build_python; do step "$part"; done
for release in musl-*/; do release=${release%/} && make_executable "${release#musl-}"; done
rm -rf apt downloads source build-libffi build-python
touch "$stamp"
