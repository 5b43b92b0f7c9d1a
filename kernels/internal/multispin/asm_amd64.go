package multispin

// The assembly, written by asmgen: sweeps of one colour of some rows of a plane, and counts of its unsatisfied bonds.

//go:noescape
func metropolis2AVX512(a *planeArgs)

//go:noescape
func metropolis2AVX2(a *planeArgs)

//go:noescape
func metropolis3AVX512(a *planeArgs)

//go:noescape
func metropolis3AVX2(a *planeArgs)

//go:noescape
func heatBath2AVX512(a *planeArgs)

//go:noescape
func heatBath2AVX2(a *planeArgs)

//go:noescape
func heatBath3AVX512(a *planeArgs)

//go:noescape
func heatBath3AVX2(a *planeArgs)

//go:noescape
func unsatisfied2AVX512(a *planeArgs)

//go:noescape
func unsatisfied2AVX2(a *planeArgs)

//go:noescape
func unsatisfied3AVX512(a *planeArgs)

//go:noescape
func unsatisfied3AVX2(a *planeArgs)

//go:noescape
func metropolis2SharedAVX512(a *planeArgs)

//go:noescape
func metropolis3SharedAVX512(a *planeArgs)

//go:noescape
func heatBath2SharedAVX512(a *planeArgs)

//go:noescape
func heatBath3SharedAVX512(a *planeArgs)

//go:noescape
func bonds2AVX512(a *planeArgs)

//go:noescape
func bonds3AVX512(a *planeArgs)

//go:noescape
func bonds2AVX2(a *planeArgs)

//go:noescape
func bonds3AVX2(a *planeArgs)

//go:noescape
func metropolis2SharedAVX2(a *planeArgs)

//go:noescape
func metropolis3SharedAVX2(a *planeArgs)

//go:noescape
func heatBath2SharedAVX2(a *planeArgs)

//go:noescape
func heatBath3SharedAVX2(a *planeArgs)
