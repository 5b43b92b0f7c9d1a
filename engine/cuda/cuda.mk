# Targets of the CUDA backend, included by the Makefile at the root. Nothing here needs a GPU, except gpu-check.
#   cuda        fetch compiler and headers into .cuda/, build the emulator and the binary with -tags gpu
#   cuda-ptx    compile every .cu to the committed .ptx          cuda-ptx-check  compile again and compare byte for byte
#   cuda-test   the tests with -tags gpu under the emulator      cuda-mutants    plant mistakes in the kernels: all must be caught
#   gpu-check   the same tests, sanitizers and benchmarks on a machine with a GPU
# Needed: Python 3 with pip and a C++ compiler. `make test` says what it left out where they are missing.
CUDA_DIR := $(CURDIR)/.cuda
CUDA_CU  := $(wildcard engine/cuda/ptx/*.cu kernels/cuda/*.cu)
CUDA_SIM := $(wildcard engine/cuda/ptxsim/src/*)
CUDA_ENV  = CGO_ENABLED=1 CGO_CFLAGS="-w -I$(CUDA_DIR)/cu12/nvidia/cuda_runtime/include" CGO_LDFLAGS="-L$(CUDA_DIR)/lazy"
CUDA_EMU  = CAVITY_LIBCUDA=$(CUDA_DIR)/ptxsim/libcuda.so.1
CUDA_TEST = ./engine/cuda/... ./kernels/...

.PHONY: cuda cuda-ptx cuda-ptx-check cuda-test cuda-mutants gpu-check
cuda: $(CUDA_DIR)/tools $(CUDA_DIR)/ptxsim/libcuda.so.1 $(CUDA_DIR)/lazy/libcuda.a
	$(CUDA_ENV) go build -tags gpu -o $(CUDA_DIR)/cavity ./cmd/cavity

$(CUDA_DIR)/tools:
	engine/cuda/tools.sh $(CUDA_DIR)

$(CUDA_DIR)/ptxsim/libcuda.so.1: $(CUDA_SIM)
	engine/cuda/ptxsim/build.sh $@

$(CUDA_DIR)/lazy/libcuda.a: engine/cuda/lazy/lazy.c engine/cuda/lazy/names.h engine/cuda/lazy/build.sh
	engine/cuda/lazy/build.sh $@

cuda-ptx: $(CUDA_DIR)/tools
	engine/cuda/ptx.sh $(CUDA_DIR) $(CUDA_CU)

cuda-ptx-check: $(CUDA_DIR)/tools
	engine/cuda/ptx.sh -check $(CUDA_DIR) $(CUDA_CU)

cuda-test: $(CUDA_DIR)/tools $(CUDA_DIR)/ptxsim/libcuda.so.1 $(CUDA_DIR)/lazy/libcuda.a
	CAVITY_REQUIRE_CUDA=1 go test ./engine/cuda/ptxsim
	for seed in 1 2 3; do $(CUDA_ENV) $(CUDA_EMU) PTXSIM_SEED=$$seed CAVITY_REQUIRE_CUDA=1 go test -tags gpu $(CUDA_TEST) || exit 1; done
