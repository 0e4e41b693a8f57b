# `make demo` shows kiosque at work, `make test` runs every check, `make soak` the long ones.
# Works with GNU make 3.81 and bash 3.2.

.DEFAULT_GOAL := help

.PHONY: help demo test soak postgres

help: ## Say what this file can do
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/make \1 - \2/'

demo: ## Build, load sample articles, start everything on this machine only; Ctrl-C stops it
	@scripts/toolchain
	@cargo run --locked -- demo

test: ## Formatting, clippy, docs, unit, integration and end-to-end tests, cheap ones first
	@scripts/test

soak: ## The long fault tests: kills, crashes, clocks, broken links, an hour and more
	@scripts/soak

postgres: ## A shell with a private PostgreSQL for the tests, gone when the shell ends
	@scripts/postgres run $${SHELL:-bash}
