package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// The files of a run folder.
const (
	SettingsFile   = "run.toml"            // what was asked, complete: it reruns to the same bytes
	MetaFile       = "meta.json"           // versions, device, kernels, CPU level, seed, timings
	SummaryFile    = "summary.json"        // the results; written last, so its presence means that the run is finished
	SeriesFile     = "series.npz"          // measurements in time
	WeightsFile    = "weights.safetensors" // parameters of models that have them
	WeightsNpzFile = "weights.npz"         // the same for numpy, where it is asked for
	CheckpointFile = "state.ckpt"          // everything that a bit-exact resume needs
	LogFile        = "log.jsonl"           // one JSON object a line
	ReportFile     = "report.md"           // benchmarks as a table
	BenchstatFile  = "benchstat.txt"       // and as benchstat reads them
	FiguresDir     = "figures"             // *.svg and *.png
)

// ownFiles are the names that a run may write beside its figures.
var ownFiles = []string{SettingsFile, MetaFile, SummaryFile, SeriesFile, WeightsFile, WeightsNpzFile, CheckpointFile, LogFile, ReportFile, BenchstatFile}

const (
	temporary = ".tmp-"  // prefix of files that are being written
	journal   = ".begin" // the run.toml of a run that is taking the folder over
)

// Run is a run folder. Every file in it is replaced as a whole: written under a temporary name in the same folder,
// synced, renamed, and the folder synced, so that a crash leaves the old file or the new one. Nothing outside the
// folder is ever written, links out of it included (os.Root). One process at a time holds the folder for writing.
type Run struct {
	dir  string
	root *os.Root
	lock *os.File                  // nil when the run is open for reading only
	tap  func(io.Writer) io.Writer // tests stand here between a file and the disk; nil otherwise
}

// Create begins a run in the folder dir, which is made if it is missing, and saves its settings (run.toml).
// A folder that holds anything is refused, unless force is set and it holds a run: that run is then replaced.
// Files in it that no run writes are left alone.
//
// The replacement is one step for whoever looks later: the settings of the new run are first saved as a journal;
// before that moment the folder is the old run, from then on the new one, and whoever opens the folder for writing
// next finishes the clearing if it was interrupted.
func Create(dir string, settings []byte, force bool) (*Run, error) {
	if err := makeDir(dir); err != nil {
		return nil, err
	}
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	err = r.begin(settings, force)
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Resume opens the folder of an existing run for writing and clears what an interruption left behind.
func Resume(dir string) (*Run, error) {
	r, err := open(dir)
	if err != nil {
		return nil, err
	}
	if !r.Has(SettingsFile) {
		r.Close()
		return nil, fmt.Errorf("%s: not a run folder (it has no %s)", dir, SettingsFile)
	}
	return r, nil
}

// Open opens the folder of a run for reading only, while another process may be writing to it.
func Open(dir string) (*Run, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", dir, reason(err))
	}
	r := &Run{dir: dir, root: root}
	if r.Has(journal) {
		root.Close()
		return nil, fmt.Errorf("%s: the run in it was being replaced when that was interrupted: start the new one again with --force", dir)
	}
	if !r.Has(SettingsFile) {
		root.Close()
		return nil, fmt.Errorf("%s: not a run folder (it has no %s)", dir, SettingsFile)
	}
	return r, nil
}

// Dir is the folder as it was named by the caller.
func (r *Run) Dir() string { return r.dir }

// Close gives the folder free for other processes.
func (r *Run) Close() error {
	if r.lock == nil {
		return r.root.Close()
	}
	return errors.Join(r.lock.Close(), r.root.Close())
}

// Discard undoes Create: if the folder holds no more than the settings, they are removed, and the folder too if that
// leaves it empty. The run must be closed afterwards as usual.
func (r *Run) Discard() error {
	for _, name := range append(ownFiles[1:len(ownFiles):len(ownFiles)], FiguresDir) {
		if _, err := r.root.Lstat(name); err == nil {
			return nil
		}
	}
	if err := r.root.Remove(SettingsFile); err != nil {
		return r.explain(SettingsFile, err)
	}
	os.Remove(r.dir) // stays if it holds files of others
	return nil
}

// makeDir makes dir and its parents and syncs the folder that holds it.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: the folder cannot be made: %s", dir, reason(err))
	}
	if parent, err := os.Open(filepath.Dir(filepath.Clean(dir))); err == nil {
		defer parent.Close()
		return parent.Sync()
	}
	return nil
}

// open takes the folder, finishes an interrupted begin and removes leftover temporaries.
func open(dir string) (*Run, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", dir, reason(err))
	}
	r := &Run{dir: dir, root: root}
	if r.lock, err = root.Open("."); err != nil {
		root.Close()
		return nil, fmt.Errorf("%s: %s", dir, reason(err))
	}
	// A file system without locks (some network ones) is used without: the lock guards against a mistake, not a crash.
	if err := syscall.Flock(int(r.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		r.Close()
		return nil, fmt.Errorf("%s: another process is writing to this folder", dir)
	}
	if err := r.recover(); err != nil {
		r.Close()
		return nil, fmt.Errorf("%s: what an interrupted run left cannot be cleared: %s", dir, reason(err))
	}
	return r, nil
}

// begin makes the folder this run's.
func (r *Run) begin(settings []byte, force bool) error {
	entries, err := r.entries(".")
	if err != nil {
		return fmt.Errorf("%s: %s", r.dir, reason(err))
	}
	switch {
	case len(entries) == 0:
	case !r.Has(SettingsFile):
		return fmt.Errorf("%s: the folder is not empty and holds no run (no %s): choose another", r.dir, SettingsFile)
	case !force:
		return fmt.Errorf("%s: the folder holds a run already: choose another, go on from it with --resume, or replace it with --force", r.dir)
	}
	if err := r.save(journal, func(w io.Writer) error { _, err := w.Write(settings); return err }); err != nil {
		return err
	}
	if err := r.recover(); err != nil {
		return r.explain(SettingsFile, err)
	}
	return nil
}

// recover removes temporaries and, if a journal is there, the files of the run that it replaces.
func (r *Run) recover() error {
	_, err := r.root.Lstat(journal)
	replace := err == nil
	for _, dir := range []string{FiguresDir, "."} {
		names, err := r.entries(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, name := range names {
			own := checkName(filepath.ToSlash(filepath.Join(dir, name))) == nil && name != SettingsFile
			if strings.HasPrefix(name, temporary) || replace && own {
				if err := r.root.Remove(filepath.Join(dir, name)); err != nil {
					return err
				}
			}
		}
	}
	if !replace {
		return nil
	}
	r.root.Remove(FiguresDir) // stays if it holds files of others
	if err := r.root.Rename(journal, SettingsFile); err != nil {
		return err
	}
	return r.sync(".")
}

// entries lists a folder; a link in the place of the figures folder counts as missing: it is never followed.
func (r *Run) entries(dir string) ([]string, error) {
	info, err := r.root.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fs.ErrNotExist
	}
	f, err := r.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
