# Thin targets over CMake, CTest and a few scripts; each sets up all it needs.

PRESET ?= release

.PHONY: setup build demo test test-threads bench format lint clean

setup:
	@tests/setup

build: setup
	@cmake --preset $(PRESET) >/dev/null
	@cmake --build --preset $(PRESET)

demo: build
	@tests/demo

test: build
	@ctest --test-dir build/$(PRESET) --output-on-failure --no-tests=error -j $$(nproc)

test-threads:
	@$(MAKE) --no-print-directory build PRESET=tsan
	@ctest --test-dir build/tsan -L threads --output-on-failure --no-tests=error

bench: build
	@cmake --build --preset $(PRESET) --target tarn-benches
	@bench/run
	@bench/growth
	@bench/solver
	@bench/scripts

format: setup
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

lint: setup
	@tests/checks/lint

clean:
	@rm -rf build
