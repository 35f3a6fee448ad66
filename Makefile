SHELL := bash
.DEFAULT_GOAL := help
# HEIC is read by libheif in its sandbox alone, never by a library of the system.
export GOFLAGS := -tags=nodynamic
CACHE ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/fangxin

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

run: ## the server on http://127.0.0.1:8080, SQLite in ./data, no other service
	go run ./cmd/fangxin serve

demo: ## the server with an invented year of cases in ./data-demo
	go run ./cmd/fangxin serve --demo --data data-demo

test: ## everything: installs what is missing, starts its own PostgreSQL and Redis
	.ci/test.sh

chaos: ## every fault in its long form, with a table of what was lost (under an hour)
	.ci/chaos.sh

lint: ## golangci-lint, built once into the cache (five minutes)
	@mkdir -p $(CACHE)
	@test -x $(CACHE)/golangci-lint || GOBIN=$(CACHE) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	$(CACHE)/golangci-lint run ./...

bench: ## speed beside limits of the same run, into docs/performance.md (40 minutes; BENCH='-quick' or '-rows http' to try)
	.ci/bench.sh $(or $(BENCH),-markdown docs/performance.md)

fuzz: ## every fuzz target for FUZZTIME (20s)
	.ci/fuzz.sh

generate: ## templates to Go, style sheet and scripts to handlers/view/dist
	@mkdir -p $(CACHE)
	@test -x $(CACHE)/templ || GOBIN=$(CACHE) go install github.com/a-h/templ/cmd/templ@v0.3.977
	cd handlers/view && $(CACHE)/templ generate
	cd .ci/tools/assets && go run . ../../../handlers/view/assets ../../../handlers/view/dist

screenshots: ## every page, phone and desktop, light and dark, both languages, into docs/screenshots (ONLY=cases, desk, pages, print; LOOKS=390-light-zh)
	. .ci/needs.sh; FANGXIN_TEST_BROWSER=$$(browser) FANGXIN_TEST_SCREENSHOTS=$(or $(INTO),$(CURDIR)/docs/screenshots) go test ./handlers -run TestScreenshots -count 1 -timeout 60m -v

build: ## the one binary, bin/fangxin
	go build -trimpath -o bin/fangxin ./cmd/fangxin

.PHONY: help run demo test chaos lint bench fuzz generate screenshots build
