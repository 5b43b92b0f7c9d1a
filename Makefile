GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: build test generated lint demo bench bench-peers fmt mnist help

build: ## the command, ./cavity
	$(GO) build -o cavity ./cmd/cavity

test: lint generated ## every check: format, vet, staticcheck, generated files, tests, one pass of every benchmark
	env -u CAVITY_REQUIRE_CUDA $(GO) test -timeout 12m ./... # the CUDA part follows, where it is made
	env -u CAVITY_REQUIRE_CUDA $(GO) test -short -run '^$$' -bench . -benchtime 1x -timeout 5m ./...
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

KEEP = --force --quiet --out demo
demo: build mnist ## each pillar on real input in a few minutes; tables here, figures in demo/
	./cavity temper --model ising2d --size 32 --temps 1.8:3.0:12 --ladder linear --warmup 5000 --sweeps 100000 --measure-every 10 $(KEEP)/ising2d
	./cavity temper --model ea3d --size 8 --systems 16 --temps 0.8:2.0:16 --warmup 20000 --sweeps 20000 --measure-every 20 $(KEEP)/ea3d
	./cavity temper --model sk --size 512 --temps 0.2:1.6:32 --warmup 3000 --sweeps 6000 --measure-every 10 $(KEEP)/sk
	./cavity rbm train --data mnist --hidden 500 --method pcd --rate 0.02 --epochs 2 --binarize sample $(KEEP)/rbm
	./cavity rbm evaluate --weights demo/rbm/weights.safetensors --data mnist --temperatures 4000 --examples 2000 $(KEEP)/rbm-bounds
	./cavity rbm sample --weights demo/rbm/weights.safetensors --chains 100 --steps 1000 $(KEEP)/rbm-samples
	./cavity modes train --data mnist --space modes --modes 30 --epochs 5 $(KEEP)/modes
	./cavity modes analyse --weights demo/modes --tests 2000 $(KEEP)/modes-opened
	./cavity modes compare --data mnist --examples 10000 --modes 10,30,70 --widths 50,200,500 $(KEEP)/modes-compared
	./cavity dmft network --size 1000 --g 2 --eta 0.5 --mean-field 4000 --json $(KEEP)/network >demo/network.json
	./cavity dmft stationary --g 2 --json $(KEEP)/stationary >demo/stationary.json

mnist: ## fetch MNIST into the cache folder (CAVITY_DATA, else the user's cache)
	$(GO) run ./cmd/fetchmnist

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile engine/cuda/cuda.mk

include engine/cuda/cuda.mk
