# Targets of the CUDA backend, included by the Makefile. Nothing here needs a GPU, except gpu-check.
# Needed: Python 3 with pip, and a C and C++ compiler. check.sh says what it left out where they are missing.
CUDA_DIR := $(CURDIR)/.cuda
CUDA_CU  := $(wildcard engine/cuda/ptx/*.cu kernels/cuda/*.cu)
CUDA_SIM := $(wildcard engine/cuda/ptxsim/src/*)
CUDA_ENV  = CGO_ENABLED=1 CGO_CFLAGS="-w -I$(CUDA_DIR)/cu12/nvidia/cuda_runtime/include" CGO_LDFLAGS="-L$(CUDA_DIR)/lazy"
CUDA_EMU  = CAVITY_LIBCUDA=$(CUDA_DIR)/ptxsim/libcuda.so.1 CAVITY_REQUIRE_CUDA=1 PTXSIM_QUIET=1
CUDA_DUMP = PTXSIM_DUMP=$(CUDA_DIR)/dump
CUDA_BLAS = CAVITY_LIBCUBLAS=$(CUDA_DIR)/ptxsim/libcublas.so
CUDA_LIBS = $(CUDA_DIR)/tools $(CUDA_DIR)/ptxsim/libcuda.so.1 $(CUDA_DIR)/ptxsim/libcublas.so $(CUDA_DIR)/lazy/libcuda.a

.PHONY: cuda cuda-ptx cuda-ptx-check cuda-test cuda-mutants gpu-check
cuda: $(CUDA_LIBS) ## .cuda/cavity with the CUDA backend: compiler and headers from Python packages, emulator, binary
	$(CUDA_ENV) $(GO) build -tags gpu -o $(CUDA_DIR)/cavity ./cmd/cavity

$(CUDA_DIR)/tools:
	engine/cuda/tools.sh $(CUDA_DIR)

$(CUDA_DIR)/ptxsim/libcuda.so.1: $(CUDA_SIM)
	engine/cuda/ptxsim/build.sh $@

$(CUDA_DIR)/ptxsim/libcublas.so: $(wildcard engine/cuda/ptxsim/blas/*)
	engine/cuda/ptxsim/blas/build.sh $@

$(CUDA_DIR)/lazy/libcuda.a: engine/cuda/lazy/lazy.c engine/cuda/lazy/names.h engine/cuda/lazy/build.sh
	engine/cuda/lazy/build.sh $@

cuda-ptx: $(CUDA_DIR)/tools ## compile every .cu file to the committed .ptx beside it
	engine/cuda/ptx.sh $(CUDA_DIR) $(CUDA_CU)

cuda-ptx-check: $(CUDA_DIR)/tools ## compile again and compare byte for byte
	engine/cuda/ptx.sh -check $(CUDA_DIR) $(CUDA_CU)

cuda-test: cuda ## the CUDA backend under the emulator, three orders of warps
	$(CUDA_EMU) $(GO) test ./engine/cuda/ptxsim
	$(CUDA_ENV) $(GO) vet -tags gpu ./engine/cuda ./engine/cuda/pillars
	rm -rf $(CUDA_DIR)/dump
	for seed in 1 2 3; do \
		$(CUDA_ENV) $(CUDA_EMU) $(CUDA_BLAS) $(CUDA_DUMP) PTXSIM_SEED=$$seed $(GO) test -tags gpu -count 1 ./engine/cuda && \
		$(CUDA_ENV) $(CUDA_EMU) $(CUDA_DUMP) PTXSIM_SEED=$$seed $(GO) test -tags gpu -count 1 -run 'TestBackends|TestBroken|TestBenchmarksRun' -skip 'TestBackends/(cpu|openblas|tape)' ./kernels/kerneltest || exit 1; \
	done
	$(CUDA_ENV) engine/cuda/gpu-check.sh build $(CUDA_DIR)/gpu-check
	$(CUDA_ENV) $(CUDA_EMU) $(CUDA_DUMP) CAVITY_CUDA_BINARY=$(CUDA_DIR)/cavity CAVITY_GPU_CHECK=$(CUDA_DIR)/gpu-check $(GO) test -tags gpu -count 1 ./engine/cuda/pillars
	ls $(CUDA_DIR)/dump/*.ptx >/dev/null # what all of these loaded must suit a GPU's assembler, too
	find $(CUDA_DIR)/dump -name '*.ptx' | xargs -P 2 -n 20 engine/cuda/ptx.sh -assemble $(CUDA_DIR)

MUTANTS ?= 24
cuda-mutants: $(CUDA_LIBS) ## plant every MUTANTSth mistake (24; 1: all, in ten minutes or so) in the kernels: the tests must catch it
	$(CUDA_ENV) $(GO) run ./engine/cuda/mutate -every $(MUTANTS) $(CUDA_DIR)

gpu-check: $(CUDA_LIBS) ## .cuda/gpu-check, one file to copy to a machine with a GPU: tests, sanitizers, benchmarks, targets; and run it
	$(CUDA_ENV) engine/cuda/gpu-check.sh build $(CUDA_DIR)/gpu-check
	$(CUDA_DIR)/gpu-check
