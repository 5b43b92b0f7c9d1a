package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"cavity/engine/cpu/level"
	"cavity/engine/store"
)

// release is the version of the program.
const release = "0.1.0"

type version struct {
	JSON bool `name:"json" help:"Print one JSON object."`
}

func (v *version) Run(f *frame) error {
	b := build()
	if v.JSON {
		return f.print(true, b)
	}
	goVersion, _ := b.Get("go")
	platform, _ := b.Get("platform")
	_, err := fmt.Fprintf(f.stdout, "cavity %s (%s, %s)\n", release, goVersion, platform)
	return err
}

// build says what this program was built from and for.
func build() store.Summary {
	s := store.Summary{
		{Key: "cavity", Value: release},
		{Key: "go", Value: runtime.Version()},
		{Key: "platform", Value: runtime.GOOS + "/" + runtime.GOARCH},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, x := range info.Settings {
			if x.Key == "vcs.revision" || x.Key == "-tags" {
				s.Set(strings.TrimPrefix(strings.TrimPrefix(x.Key, "vcs."), "-"), x.Value)
			}
		}
	}
	return s
}

// machine describes the processor.
type machine struct {
	Model  string `json:"model"`
	Cores  int    `json:"cores"`
	Level  string `json:"level"`
	Lowest string `json:"lowered_by,omitempty"`
}

func processor() machine {
	m := machine{Model: "unknown", Cores: runtime.NumCPU(), Level: level.Of().String()}
	if v := os.Getenv(level.Variable); v != "" {
		m.Lowest = level.Variable + "=" + v
	}
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m // not Linux: the model stays unknown
	}
	for line := range strings.Lines(string(b)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == "model name" {
			m.Model = strings.TrimSpace(value)
			break
		}
	}
	return m
}
