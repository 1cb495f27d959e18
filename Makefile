# rootgate: `make demo` shows it, `make test` checks it. Both install what they
# need on a fresh Debian machine with Go, and so want root.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS   += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help

export CGO_ENABLED := 1
unexport GOWORK

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
# grpcnotrace drops golang.org/x/net/trace and 3 MB; osusergo and netgo keep NSS,
# and so every shared object it may load, out of a root daemon.
TAGS     := grpcnotrace,osusergo,netgo
BUILD    := go build -trimpath -buildvcs=false -tags $(TAGS) -ldflags '-s -w -X main.version=$(VERSION)'
TOOL     := test/tools/build.sh
# The tests look at the kernel, which Go's test cache knows nothing of.
TEST     := go test -count=1 -timeout 10m
FUZZTIME ?= 5s
ROUNDS   ?= 300

# Says how long the recipe took and how it ended.
define timed
started=$$SECONDS
trap 'status=$$?; echo "make $@: $$([ $$status -eq 0 ] && echo ok || echo FAILED) after $$((SECONDS - started)) s"' EXIT
endef

.PHONY: help build install deps root test long lint proto proto-check bench demo fuzz tidy-check cover clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

deps: ## install the Debian packages that are missing
	@test/tools/deps.sh

root:
	@if [ "$$(id -u)" -ne 0 ]; then
		echo "run as root: rootgated changes uids, enters namespaces and kills trees" >&2
		exit 1
	fi

build: deps ## build bin/rootgated and bin/rootgate
	@$(timed)
	mkdir -p bin
	$(BUILD) -o bin/ ./server/cmd/rootgated ./client/cmd/rootgate

install: build ## install both programs, below DESTDIR
	@install -D -m 755 bin/rootgated $(DESTDIR)/usr/sbin/rootgated
	install -D -m 755 bin/rootgate $(DESTDIR)/usr/bin/rootgate

test: root build ## everything that must pass: vet, and all tests with the race detector
	@$(timed)
	$(TOOL) grpcurl >/dev/null
	go vet ./...
	$(TEST) -race -vet=off -json ./... | go run ./test/summary

long: root build ## hours: all tests twenty times in random order, millions of grammar pairs, ten minutes of fuzzing a target
	@$(timed)
	$(TOOL) grpcurl >/dev/null
	$(TEST) -race -vet=off -count=20 -shuffle=on -timeout 6h -json ./... | go run ./test/summary
	$(TEST) -timeout 2h ./policy/argv -run ThreeWay -args -pairs=10000000
	test/fuzz.sh 10m

lint: deps ## golangci-lint, formatting included, and shellcheck
	@$(timed)
	test/tools/deps.sh shellcheck
	git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck
	lint=$$($(TOOL) golangci-lint)
	"$$lint" run ./...

proto: ## generate the Go code of the contract
	@$(timed)
	buf=$$($(TOOL) buf)
	"$$buf" format --write
	"$$buf" generate

proto-check: ## lint the contract, look for breaking changes, compare the generated code
	@$(timed)
	buf=$$($(TOOL) buf)
	"$$buf" lint
	"$$buf" format --diff --exit-code
	if tag=$$(git describe --tags --abbrev=0 2>/dev/null); then
		"$$buf" breaking --against ".git#tag=$$tag"
	else
		echo "no release yet: nothing to be compatible with"
	fi
	fresh=$$(mktemp -d)
	"$$buf" generate --output "$$fresh"
	diff -r --exclude='*.proto' proto "$$fresh/proto" || { echo "run make proto and commit" >&2; exit 1; }
	rm -rf "$$fresh"

bench: root build ## compare with os/exec, sudo, the bare RPC and oslo.rootwrap; writes test/bench/results
	@$(timed)
	test/tools/deps.sh sudo python3-oslo.rootwrap
	go run ./test/bench -rounds $(ROUNDS)
	go test -run '^$$' -bench . -benchtime 300ms ./policy ./policy/argv

demo: root build ## a virtual router built by an unprivileged user
	@test/demo/demo.sh

fuzz: deps ## every fuzz target for FUZZTIME (5s)
	@$(timed)
	test/fuzz.sh $(FUZZTIME)

tidy-check: ## go.mod and go.sum are tidy
	@$(timed)
	go mod tidy -diff

cover: root build ## statement coverage: .cache/cover.html, and a figure a package
	@$(timed)
	mkdir -p .cache
	$(TEST) -vet=off -cover -coverprofile=.cache/cover.out ./...
	go tool cover -html=.cache/cover.out -o .cache/cover.html
	go tool cover -func=.cache/cover.out | tail -1

clean: ## remove what was built, the tools too
	@rm -rf bin .cache
