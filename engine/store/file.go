package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Save replaces one file of the run by what write produces. The name is one of the constants of this package or
// figures/NAME.svg, figures/NAME.png; anything else is refused. If write or the disk fails, the earlier version stays.
func (r *Run) Save(name string, write func(io.Writer) error) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("%s: %w", r.dir, err)
	}
	if r.lock == nil {
		return fmt.Errorf("%s: the run is open for reading only", r.dir)
	}
	return r.save(name, write)
}

// SaveSummary saves s as summary.json or meta.json.
func (r *Run) SaveSummary(name string, s Summary) error { return r.Save(name, s.Encode) }

// SaveSeries saves arrays as series.npz.
func (r *Run) SaveSeries(arrays []Array) error {
	return r.Save(SeriesFile, func(w io.Writer) error { return WriteNpz(w, arrays) })
}

// SaveWeights saves arrays as weights.safetensors.
func (r *Run) SaveWeights(arrays []Array, metadata map[string]string) error {
	return r.Save(WeightsFile, func(w io.Writer) error { return WriteSafetensors(w, arrays, metadata) })
}

// SaveCheckpoint saves sections as state.ckpt.
func (r *Run) SaveCheckpoint(sections ...Section) error {
	return r.Save(CheckpointFile, func(w io.Writer) error { return WriteCheckpoint(w, sections...) })
}

// Checkpoint reads and verifies state.ckpt.
func (r *Run) Checkpoint() (*Checkpoint, error) {
	b, err := r.Read(CheckpointFile)
	if err != nil {
		return nil, err
	}
	c, err := DecodeCheckpoint(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.Path(CheckpointFile), err)
	}
	return c, nil
}

// Read returns the bytes of one file of the run.
func (r *Run) Read(name string) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, fmt.Errorf("%s: %w", r.dir, err)
	}
	b, err := r.root.ReadFile(name)
	if err != nil {
		return nil, r.explain(name, err)
	}
	return b, nil
}

// Has reports whether the run holds a file of this name.
func (r *Run) Has(name string) bool {
	info, err := r.root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// Path is where a file of the run lies, for messages.
func (r *Run) Path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

// checkName admits the names that a run may write.
func checkName(name string) error {
	if slices.Contains(ownFiles, name) {
		return nil
	}
	dir, base := path.Split(name)
	ext := path.Ext(base)
	odd := strings.ContainsFunc(base, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == ':' })
	if dir == FiguresDir+"/" && (ext == ".svg" || ext == ".png") && base != ext && base[0] != '.' && !odd {
		return nil
	}
	return fmt.Errorf("%q is no file of a run (%s, %s/NAME.svg and .png are)", name, strings.Join(ownFiles, ", "), FiguresDir)
}

// save does what Save says, for any name in the folder.
func (r *Run) save(name string, write func(io.Writer) error) error {
	dir, base := path.Split(name)
	dir = path.Clean(dir)
	if dir != "." {
		if err := r.root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return r.explain(name, err)
		}
		if info, err := r.root.Lstat(dir); err != nil || !info.IsDir() {
			return fmt.Errorf("%s: it is not a folder, so %s cannot be saved in it", r.Path(dir), base)
		}
	}
	tmp := path.Join(dir, temporary+base)
	if err := r.writeFile(tmp, write); err != nil {
		r.root.Remove(tmp)
		return r.explain(name, err)
	}
	if err := r.root.Rename(tmp, name); err != nil {
		r.root.Remove(tmp)
		return r.explain(name, err)
	}
	if err := r.sync(dir); err != nil {
		return r.explain(name, err)
	}
	return nil
}

func (r *Run) writeFile(tmp string, write func(io.Writer) error) error {
	f, err := r.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	var w io.Writer = f
	if r.tap != nil {
		w = r.tap(w)
	}
	b := bufio.NewWriterSize(w, 1<<18)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// sync makes renames in dir survive a loss of power.
func (r *Run) sync(dir string) error {
	f, err := r.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// explain puts an error of the file system in one sentence that names the file.
func (r *Run) explain(name string, err error) error {
	text := r.Path(name) + ": " + reason(err)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		text = r.Path(name) + ": the disk is full; everything saved before is still there, this file was not written"
	}
	return &fileError{text, err}
}

// fileError is a sentence that keeps its cause for errors.Is.
type fileError struct {
	text  string
	cause error
}

func (e *fileError) Error() string { return e.text }
func (e *fileError) Unwrap() error { return e.cause }
