# Steward. `make` alone lists the verbs; each installs what it needs and says what and why.
.DEFAULT_GOAL := help
.PHONY: help up test test-web check bench bench-build fuzz release peers sqlx fmt

help: ## Lists these verbs.
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r verb what; do printf '  make %-8s %s\n' "$$verb" "$$what"; done

up: ## Builds and starts everything on this machine, and prints where to sign in.
	@scripts/need cargo postgresql wasm
	@scripts/web build
	@exec env SQLX_OFFLINE=true cargo run --release --locked -p steward-api -- up $(ARGS)

test: ## Runs the tests with a throw-away PostgreSQL: what changed since they passed, ARGS="--all" everything, ARGS="-p steward-store" a choice.
	@scripts/test $(ARGS)

test-web: ## Tries the web in Chromium against the real server with a scripted model; ARGS="-g sign" chooses.
	@scripts/need cargo postgresql wasm
	@scripts/web test $(ARGS)

check: ## Format, lints, types of the web, generated files fresh, the house in order.
	@scripts/check

bench: ## Measures, prints a table, and writes bench.json to the build directory.
	@scripts/bench $(ARGS)

bench-build: ## Measures `make check test` itself: from nothing, with nothing changed, after one line; `make bench` prints it beside the others.
	@scripts/bench-build $(ARGS)

SECONDS ?= 60
fuzz: ## Feeds what reads others' bytes with bytes, guided by coverage; SECONDS=600 for each, ARGS="egress" chooses.
	@scripts/fuzz $(SECONDS) $(ARGS)

release: ## Packs an optimised binary with its checksum.
	@scripts/release

peers: ## Installs the third-party programs that the tests talk to.
	@scripts/need peers

sqlx: ## Writes .sqlx anew after a change of SQL.
	@scripts/need cargo postgresql
	@scripts/test-postgres scripts/sqlx write

fmt: ## Formats all code.
	@cargo fmt --all
	@for guest in tools/plugins tools/hostile tools/xtask; do cargo fmt --manifest-path $$guest/Cargo.toml --all; done
