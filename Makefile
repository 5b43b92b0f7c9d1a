GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test generated lint demo bench bench-peers fmt mnist help

build: ## the command, ./cavity
	$(GO) build -o cavity ./cmd/cavity

test: lint generated ## every check: format, vet, staticcheck, generated files, tests, one pass of every benchmark
	$(GO) test -timeout 12m ./...
	$(GO) test -short -run '^$$' -bench . -benchtime 1x -timeout 5m ./...
	engine/cuda/check.sh

lint: ## format, vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$unformatted" || { echo "gofmt would change: $$unformatted"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

generated: ## generated files are what their generators write
	@before=$$(git diff | cksum); $(GO) generate ./...; \
	test "$$before" = "$$(git diff | cksum)" || { git diff --stat; echo "go generate changed these files: commit them"; exit 1; }

bench: ## benchmarks of the packages P (default: all), for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count 6 $(or $(P),./...)

.venv: bench/peers/requirements.txt
	python3 -m venv .venv && .venv/bin/pip install -q -r $< && touch .venv

bench-peers: build .venv ## other programs on the same work, then Cavity, into bench/RESULTS.md; QUICK=quick for a few minutes
	bench/peers/run.sh .venv/bin/python ./cavity $(QUICK)

fmt: ## format the sources
	gofmt -w $$(git ls-files '*.go')

DEMO = ./cavity temper --force --quiet
demo: build ## each pillar on real input in a few minutes; tables here, figures in demo/
	$(DEMO) --model ising2d --size 32 --temps 1.8:3.0:12 --ladder linear --warmup 5000 --sweeps 100000 --measure-every 10 --out demo/ising2d
	$(DEMO) --model ea3d --size 8 --systems 16 --temps 0.8:2.0:16 --warmup 20000 --sweeps 20000 --measure-every 20 --out demo/ea3d
	$(DEMO) --model sk --size 512 --temps 0.2:1.6:32 --warmup 3000 --sweeps 6000 --measure-every 10 --out demo/sk
	./cavity dmft network --force --quiet --g 2 --size 2000 --realisations 4 --replicas 2 --mean-field 20000 --out demo/network
	./cavity dmft stationary --force --quiet --g 2 --scan 20 --out demo/chaos
	./cavity dmft pspin --force --quiet --adaptive --time 1000 --out demo/aging

mnist: ## fetch MNIST into the cache folder (CAVITY_DATA, else the user's cache)
	$(GO) run ./cmd/fetchmnist

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile engine/cuda/cuda.mk

include engine/cuda/cuda.mk
