# Every target sets up what it needs first; what is there in the right version is left alone.

SHELL := bash
.NOTPARALLEL:
.DELETE_ON_ERROR:

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/latchkey
TARGET := $(or $(CARGO_TARGET_DIR),target)

TRUNK_VERSION := 0.21.14
DENY_VERSION := 0.20.2
TYPOS_VERSION := 1.52.0
TWIGGY_VERSION := 0.8.0
FUZZ_VERSION := 0.13.1
# The command and the crate must be of one version, so the lock file decides.
BINDGEN_VERSION := $(shell sed -n '/^name = "wasm-bindgen"$$/{n;s/^version = "\(.*\)"/\1/p;}' Cargo.lock)

# $(call tool,command,crate,version): the file to make, or nothing when PATH has that version.
tool = $(if $(filter $(3),$(shell $(1) --version 2>/dev/null)),,$(CACHE)/$(2)-$(3)/bin/$(1))
TRUNK := $(call tool,trunk,trunk,$(TRUNK_VERSION))
BINDGEN := $(call tool,wasm-bindgen,wasm-bindgen-cli,$(BINDGEN_VERSION))
DENY = $(call tool,cargo-deny,cargo-deny,$(DENY_VERSION))
TYPOS = $(call tool,typos,typos-cli,$(TYPOS_VERSION))
TWIGGY = $(call tool,twiggy,twiggy,$(TWIGGY_VERSION))
FUZZ = $(call tool,cargo-fuzz,cargo-fuzz,$(FUZZ_VERSION))
export PATH := $(CACHE)/trunk-$(TRUNK_VERSION)/bin:$(CACHE)/wasm-bindgen-cli-$(BINDGEN_VERSION)/bin:$(CACHE)/cargo-deny-$(DENY_VERSION)/bin:$(CACHE)/typos-cli-$(TYPOS_VERSION)/bin:$(CACHE)/twiggy-$(TWIGGY_VERSION)/bin:$(CACHE)/cargo-fuzz-$(FUZZ_VERSION)/bin:$(PATH)

AXE := tests/node_modules/.package-lock.json
ALTOGIC_CLIENT := tests/altogic-client/node_modules/.package-lock.json
SITE_SOURCES := $(shell find frontend shared index.html Trunk.toml Cargo.toml Cargo.lock rust-toolchain.toml -type f 2>/dev/null)
HOST := --workspace
WASM := --package frontend --features csr --target wasm32-unknown-unknown

# Which program `make torture` treats badly instead of the release build.
OTHER_BIN := $(LATCHKEY_BIN)
export LATCHKEY_BIN := $(abspath $(TARGET))/release/latchkey
# Nothing but cargo may fetch, and trunk would also ask whether there is a newer trunk.
export TRUNK_SKIP_VERSION_CHECK := true

.PHONY: help run dev build test lint fmt clippy deny typos unit test-api test-client test-browser doc bench torture fuzz size setup toolchain tools browser


help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

run: build ## build everything in release and start it on http://localhost:3000
	@exec $(LATCHKEY_BIN)

dev: tools ## reload on every change: site on http://localhost:8080, API behind it
	cargo build --package backend
	@PUBLIC_URL=http://localhost:8080 $(TARGET)/debug/latchkey & server=$$!; \
	trap 'kill $$server 2>/dev/null; wait $$server' EXIT; \
	trunk serve --port 8080 --dist $(TARGET)/dev-site

build: dist/index.html ## the one file to deploy: target/release/latchkey, site inside
	cargo build --locked --release --package backend

test: setup fmt clippy build unit test-client test-browser doc ## everything that has to pass

lint: fmt clippy deny typos ## formatting, clippy for both targets, licences and advisories, spelling

fmt: toolchain
	cargo fmt --all --check

clippy: toolchain
	cargo clippy --locked $(HOST) --all-targets -- -D warnings
	cargo clippy --locked --package tests --test journeys -- -D warnings
	cargo clippy --locked $(WASM) -- -D warnings

# The advisory database is a git repository; the other checks need no network.
deny: toolchain $(DENY)
	cargo deny --offline check bans licenses sources
	@cargo deny fetch db >/dev/null 2>&1 || { echo "deny: advisories NOT checked, their database cannot be reached"; exit 0; }; \
	set -x; cargo deny check advisories

typos: $(TYPOS)
	typos

unit: build ## unit tests and HTTP tests, the latter in process and over the binary
	cargo test --locked $(HOST)

test-api: toolchain ## only the HTTP tests
	cargo test --locked --package tests --test api

test-client: build browser ## Altogic's own client over the binary, in Node and in headless Chromium
	cd tests/altogic-client && npm test

test-browser: build browser ## the stories in headless Chromium, and one in Firefox, over the binary
	cargo test --locked --package tests --test journeys

doc: toolchain ## the documentation, every link checked
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps $(HOST)
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps $(WASM)

# BENCH=quick|pages|profile|growth|soak, or several with commas. BENCH_BESIDE=name=http://…/sign-in,… measures other apps too.
# The measuring program itself is a debug build; what it measures is not.
export BENCH BENCH_BESIDE
bench: build browser ## sizes, start, memory, speed, page loads, growth, each beside its bar; some 30 minutes
	cargo build --locked --release --package backend --features bench
	@mkdir -p $(TARGET)/bench && cp $(TARGET)/release/latchkey $(TARGET)/release/bare-server $(TARGET)/bench
	cargo build --locked --release --package backend
	cargo bench --locked --profile dev --package backend --package tests --bench report

# TORTURE=kills|disk|locked|sockets|pictures|restarts|mails, or several with commas. LATCHKEY_BIN=… names another build.
export TORTURE
torture: $(if $(OTHER_BIN),toolchain,build) ## kill -9, full disk, lock, bad sockets, picture bombs, SIGTERM, slow mail; under 15 minutes
	LATCHKEY_BIN=$(abspath $(or $(OTHER_BIN),$(LATCHKEY_BIN))) cargo bench --locked --profile dev --package tests --bench torture

# libFuzzer's coverage works on the stable toolchain; its sanitizers would need another one. The
# dependencies are of the versions that are shipped. What is found lies in tests/fuzz/artifacts.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard tests/fuzz/targets/*.rs)))
fuzz: toolchain $(FUZZ) ## what reads untrusted input, under libFuzzer: FUZZ_SECONDS (60) for each of FUZZ_TARGETS
	cp Cargo.lock tests/fuzz/Cargo.lock
	@set -e; for target in $(FUZZ_TARGETS); do \
		mkdir -p tests/fuzz/corpus/$$target; \
		cargo fuzz run --fuzz-dir tests/fuzz --target-dir $(abspath $(TARGET))/fuzz --sanitizer none --codegen-units 16 \
			$$target tests/fuzz/corpus/$$target tests/fuzz/seeds/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=1024 -print_final_stats=1; \
	done

# The same build before it is split, with the function names; they weigh nothing else.
size: tools $(TWIGGY) ## bytes of the site's wasm, all pages, by crate and by function
	cargo build --locked $(WASM) --profile wasm
	wasm-bindgen --target web --no-typescript --out-dir $(TARGET)/size $(TARGET)/wasm32-unknown-unknown/wasm/frontend.wasm
	@.ci/size $(TARGET)/size/frontend_bg.wasm

setup: tools browser ## toolchain, wasm target, trunk, wasm-bindgen, Chromium, Firefox

toolchain:
	@cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 \
		&& test -d "$$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" \
		|| rustup toolchain install --no-self-update

tools: toolchain $(TRUNK) $(BINDGEN)

browser: $(AXE) $(ALTOGIC_CLIENT)
	@.ci/packages chromium=chromium chromedriver=chromium-driver firefox=firefox-esr

dist/index.html: $(SITE_SOURCES) | tools
	cargo fetch --locked
	trunk build --release --locked --offline
	@touch $@

$(AXE) $(ALTOGIC_CLIENT): %/node_modules/.package-lock.json: %/package-lock.json
	@.ci/packages npm=npm
	cd $* && npm ci --no-audit --no-fund
	@touch $@

# $(call install,crate,version,flags): the build folder outlives an interruption, so a second try is shorter.
# Their own profiles would spend minutes on speed that is not needed here.
QUICKLY := CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
install = $(QUICKLY) CARGO_TARGET_DIR=$(CACHE)/build-$(1) cargo install $(1) --version $(2) $(3) --root $(CACHE)/$(1)-$(2) && rm -rf $(CACHE)/build-$(1)

$(CACHE)/trunk-$(TRUNK_VERSION)/bin/trunk: | toolchain
	$(call install,trunk,$(TRUNK_VERSION),--locked)

# Its own lock file can name versions that a registry no longer has.
$(CACHE)/wasm-bindgen-cli-$(BINDGEN_VERSION)/bin/wasm-bindgen: | toolchain
	$(call install,wasm-bindgen-cli,$(BINDGEN_VERSION))

$(CACHE)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny: | toolchain
	$(call install,cargo-deny,$(DENY_VERSION))

$(CACHE)/typos-cli-$(TYPOS_VERSION)/bin/typos: | toolchain
	$(call install,typos-cli,$(TYPOS_VERSION))

$(CACHE)/twiggy-$(TWIGGY_VERSION)/bin/twiggy: | toolchain
	$(call install,twiggy,$(TWIGGY_VERSION),--locked)

$(CACHE)/cargo-fuzz-$(FUZZ_VERSION)/bin/cargo-fuzz: | toolchain
	$(call install,cargo-fuzz,$(FUZZ_VERSION),--locked)
