package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cavity/engine"
	"cavity/engine/store"
)

// common are the flags of every verb that computes; such a verb embeds them.
type common struct {
	Backend         string        `default:"cpu" placeholder:"NAME" help:"Backend: cpu, openblas, tape or cuda[:n,…][,own][,tf32] (see cavity devices)."`
	Workers         int           `default:"0" help:"Threads; 0 means all cores. The results do not depend on it."`
	Seed            uint64        `default:"1" help:"Seed of the random numbers: the same seed gives the same bytes."`
	Out             string        `placeholder:"DIR" help:"Folder for the results, figures and checkpoints; without it they are only printed."`
	Resume          bool          `help:"Go on from the checkpoint in --out."`
	CheckpointEvery time.Duration `default:"60s" help:"Time between two checkpoints."`
	JSON            bool          `name:"json" help:"Print one JSON object on stdout and nothing else there."`
	Quiet           bool          `help:"No progress on stderr."`
	Force           bool          `help:"Replace the run that --out holds."`
}

// flags makes an embedded common reachable through the interface computing.
func (c *common) flags() *common { return c }

// outside reports whether a number is not between these two.
func outside(n, least, most int) bool { return n < least || n > most }

// weightsIn is the file of weights that a path names: the path itself, or that file in a run folder.
func weightsIn(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, store.WeightsFile)
	}
	return path
}

// check finds common flags that contradict each other or are out of range.
func (c *common) check() error {
	if err := checkBackend("--backend", c.Backend); err != nil {
		return err
	}
	switch {
	case c.Workers < 0:
		return misusef("--workers is %d: at least 1, or 0 for all cores", c.Workers)
	case c.CheckpointEvery <= 0:
		return misusef("--checkpoint-every is %s: it must be positive", c.CheckpointEvery)
	case c.Resume && c.Out == "":
		return misusef("--resume needs --out DIR, the folder of the run to go on with")
	case c.Resume && c.Force:
		return misusef("--resume goes on with a run and --force replaces it: choose one")
	}
	return nil
}

// checkBackend refuses the name of a backend that there is not, given by a flag.
func checkBackend(flag, name string) error {
	var names []string
	for _, d := range engine.Drivers() {
		names = append(names, d.Name)
	}
	if !slices.Contains(names, driverOf(name)) {
		return misusef("%s is %q: there are %s", flag, name, strings.Join(names, ", "))
	}
	return nil
}

// unsaved are the flags that say where to put results and how to talk, not what to compute: run.toml leaves them out.
var unsaved = []string{"out", "resume", "json", "quiet", "force", "help"}

// changeable are the flags that may differ when a run is resumed: those that the results do not depend on, and the backend, so that
// a run that a fault of its device ended goes on elsewhere.
var changeable = []string{"workers", "checkpoint-every", "backend"}
