package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cavity/engine/store"
)

type show struct {
	Dirs    []string `arg:"" name:"dir" help:"Run folder; several runs of a spin model at different sizes are compared, with their crossings."`
	Figures string   `placeholder:"DIR" help:"Folder for the figure of several runs."`
	JSON    bool     `name:"json" help:"Print the summary as one JSON object."`
}

func (v *show) Run(f *frame) error {
	if len(v.Dirs) > 1 {
		return v.several(f)
	}
	if v.Figures != "" {
		return misusef("--figures is for several run folders; one has its own in figures/")
	}
	return v.one(f, v.Dirs[0])
}

// one shows one run.
func (v *show) one(f *frame, dir string) error {
	r, err := store.Open(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	if !r.Has(store.SummaryFile) {
		state := "has no checkpoint yet"
		if r.Has(store.CheckpointFile) {
			state = "can go on from its checkpoint"
		}
		return fmt.Errorf("%s: the run is not finished and %s: cavity run %s --out %s --resume", dir, state, r.Path(store.SettingsFile), dir)
	}
	b, err := r.Read(store.SummaryFile)
	if err != nil {
		return err
	}
	s, err := store.DecodeSummary(b)
	if err != nil {
		return fmt.Errorf("%s: %w", r.Path(store.SummaryFile), err)
	}
	if v.JSON {
		return f.print(true, s)
	}
	settings, err := r.Read(store.SettingsFile)
	if err != nil {
		return err
	}
	list, err := store.DecodeSettings(r.Path(store.SettingsFile), settings)
	if err != nil {
		return err
	}
	for _, x := range list {
		fmt.Fprintf(f.stdout, "%-20s %v\n", x.Key, x.Value)
	}
	fmt.Fprintln(f.stdout)
	if err := f.print(false, s); err != nil {
		return err
	}
	return files(f, dir)
}

// files lists what else the folder holds.
func files(f *frame, dir string) error {
	var found []string
	for _, pattern := range []string{store.SeriesFile, store.WeightsFile, store.FiguresDir + "/*.svg", store.FiguresDir + "/*.png"} {
		names, err := filepath.Glob(filepath.Join(strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`).Replace(dir), pattern))
		if err != nil {
			return err
		}
		found = append(found, names...)
	}
	slices.Sort(found)
	for _, name := range found {
		if info, err := os.Lstat(name); err == nil && info.Mode().IsRegular() {
			fmt.Fprintln(f.stdout, name)
		}
	}
	return nil
}
