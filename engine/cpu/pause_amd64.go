package cpu

// spins is how often a worker looks for work, and Do for the end of it, before they sleep: some 100 µs, as long as waking a
// sleeper may take on a virtual machine, and longer than the gap between two steps of a Program.
const spins = 4000

// pause leaves the core to a hyperthread beside this one for some 20 to 50 ns.
func pause()
