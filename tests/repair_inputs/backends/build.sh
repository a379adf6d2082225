#!/bin/sh
# Build the wheels beside this file: one extension for musl, linked with libouter, through each backend that projects use.
# Needs musl-gcc, and in PATH a Python 3.11 with build, setuptools, meson-python, scikit-build-core, hatchling, ninja, cmake:
#   sh tests/repair_inputs/backends/build.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CC=musl-gcc
libraries=$here/../x86_64
cd "$work"

project() { # NAME BACKEND REQUIREMENT
  mkdir -p "$1/src/demo_$1"
  : > "$1/src/demo_$1/__init__.py"
  cat > "$1/ext.c" <<'C'
typedef struct _object PyObject;
PyObject *PyModuleDef_Init(void *);
static int table[128] = {2, 0};
__attribute__((visibility("default"))) PyObject *PyInit__ext(void) { return PyModuleDef_Init(table); }
C
  printf '[build-system]\nrequires = ["%s"]\nbuild-backend = "%s"\n[project]\nname = "demo_%s"\nversion = "1.0"\n' \
    "$3" "$2" "$1" > "$1/pyproject.toml"
}

project setuptools setuptools.build_meta setuptools
cat > setuptools/setup.py <<P
from setuptools import Extension, setup
flags = ["-Wl,--no-as-needed", "-L$libraries", "-l:libouter.so.1.2", "-Wl,--allow-shlib-undefined"]
setup(package_dir={"": "src"}, packages=["demo_setuptools"],
      ext_modules=[Extension("demo_setuptools._ext", ["ext.c"], extra_link_args=flags)])
P

project meson mesonpy meson-python
cat > meson/meson.build <<P
project('demo_meson', 'c', version: '1.0')
py = import('python').find_installation(pure: false)
py.install_sources('src/demo_meson/__init__.py', subdir: 'demo_meson')
py.extension_module('_ext', 'ext.c', install: true, subdir: 'demo_meson',
  link_args: ['-Wl,--no-as-needed', '-L$libraries', '-l:libouter.so.1.2', '-Wl,--allow-shlib-undefined'])
P

project scikit scikit_build_core.build scikit-build-core
printf '[tool.scikit-build]\nwheel.packages = ["src/demo_scikit"]\n' >> scikit/pyproject.toml
cat > scikit/CMakeLists.txt <<P
cmake_minimum_required(VERSION 3.15)
project(demo_scikit C)
add_library(_ext MODULE ext.c)
set_target_properties(_ext PROPERTIES PREFIX "" SUFFIX ".cpython-311-x86_64-linux-gnu.so")
target_link_options(_ext PRIVATE -Wl,--no-as-needed -L$libraries -l:libouter.so.1.2 -Wl,--allow-shlib-undefined)
install(TARGETS _ext DESTINATION demo_scikit)
P

project hatch hatchling.build hatchling
printf '[tool.hatch.build.hooks.custom]\n[tool.hatch.build.targets.wheel]\npackages = ["src/demo_hatch"]\nartifacts = ["*.so"]\n' \
  >> hatch/pyproject.toml
cat > hatch/hatch_build.py <<P
import subprocess
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        target = "src/demo_hatch/_ext.cpython-311-x86_64-linux-gnu.so"
        flags = ["-Wl,--no-as-needed", "-L$libraries", "-l:libouter.so.1.2", "-Wl,--allow-shlib-undefined"]
        subprocess.check_call(["musl-gcc", "-shared", "-fPIC", "ext.c", "-o", target, *flags])
        build_data.update(infer_tag=True, pure_python=False)
P

for name in setuptools meson scikit hatch; do
  (cd "$name" && python -m build --no-isolation --wheel --outdir "$here" .)
done
