package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func text1(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// tree lists a folder as "name: content" in order.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out = append(out, rel+": "+string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func mustCreate(t *testing.T, dir, settings string, force bool) *Run {
	t.Helper()
	r, err := Create(dir, []byte(settings), force)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func save(t *testing.T, r *Run, name, content string) {
	t.Helper()
	if err := r.Save(name, text1(content)); err != nil {
		t.Fatal(err)
	}
}

func TestRunFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	r := mustCreate(t, dir, "size = 1\n", false)
	save(t, r, "figures/energy.svg", "<svg/>")
	save(t, r, SummaryFile, "{}")
	save(t, r, SummaryFile, `{"a": 1}`)
	if err := r.SaveSeries([]Array{Of("e", []float64{1})}); err != nil {
		t.Fatal(err)
	}
	if err := r.SaveCheckpoint(Bytes("x", []byte("y"))); err != nil {
		t.Fatal(err)
	}
	if c, err := r.Checkpoint(); err != nil || !slices.Equal(c.Names(), []string{"x"}) {
		t.Error(c, err)
	}
	arrays, err := ReadNpz(r.Path(SeriesFile))
	if err != nil || arrays[0].Name != "e" {
		t.Error(arrays, err)
	}
	os.Remove(r.Path(SeriesFile))
	os.Remove(r.Path(CheckpointFile))
	want := []string{"figures/energy.svg: <svg/>", "run.toml: size = 1\n", `summary.json: {"a": 1}`}
	if d := cmp.Diff(want, tree(t, dir)); d != "" {
		t.Error(d)
	}

	reader, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if b, err := reader.Read(SummaryFile); err != nil || string(b) != `{"a": 1}` {
		t.Error(string(b), err)
	}
	if err := reader.Save(SummaryFile, text1("x")); err == nil || !strings.Contains(err.Error(), "open for reading only") {
		t.Error(err)
	}
}

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	r := mustCreate(t, dir, "", false)
	want := dir + ": another process is writing to this folder"
	if _, err := Resume(dir); err == nil || err.Error() != want {
		t.Error(err)
	}
	if _, err := Create(dir, nil, true); err == nil || err.Error() != want {
		t.Error(err)
	}
	r.Close()
	again, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestForce(t *testing.T) {
	dir := t.TempDir()
	r := mustCreate(t, dir, "old\n", false)
	for _, name := range []string{MetaFile, SummaryFile, SeriesFile, WeightsFile, CheckpointFile, LogFile, "figures/a.svg", "figures/b.png"} {
		save(t, r, name, "old")
	}
	r.Close()
	for _, mine := range []string{"notes.txt", "figures/mine.pdf"} {
		if err := os.WriteFile(filepath.Join(dir, mine), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, dir)
	if _, err := Create(dir, []byte("new\n"), false); err == nil || !strings.Contains(err.Error(), "holds a run already") {
		t.Error(err)
	}
	if d := cmp.Diff(before, tree(t, dir)); d != "" {
		t.Error("refused, but changed:", d)
	}
	mustCreate(t, dir, "new\n", true)
	if d := cmp.Diff([]string{"figures/mine.pdf: mine", "notes.txt: mine", "run.toml: new\n"}, tree(t, dir)); d != "" {
		t.Error(d)
	}

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "summary.json"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, force := range []bool{false, true} {
		if _, err := Create(other, nil, force); err == nil || !strings.Contains(err.Error(), "holds no run (no run.toml)") {
			t.Errorf("force %v: %v", force, err)
		}
	}
	if d := cmp.Diff([]string{"summary.json: mine"}, tree(t, other)); d != "" {
		t.Error(d)
	}
}

// Every state in which a crash can leave a replacement is finished by whoever opens the folder next.
func TestInterruptedReplacement(t *testing.T) {
	old := []string{"figures/a.svg: old", "run.toml: old", "state.ckpt: old"}
	for name, c := range map[string]struct{ files, want []string }{
		"before the journal":  {append(slices.Clone(old), ".tmp-.begin: ne", "figures/.tmp-a.svg: ne"), old},
		"after the journal":   {append(slices.Clone(old), ".begin: new"), []string{"run.toml: new"}},
		"half cleared":        {[]string{"run.toml: old", "state.ckpt: old", ".begin: new"}, []string{"run.toml: new"}},
		"cleared":             {[]string{"run.toml: old", ".begin: new"}, []string{"run.toml: new"}},
		"first run, no rival": {[]string{".begin: new"}, []string{"run.toml: new"}},
	} {
		dir := t.TempDir()
		os.Mkdir(filepath.Join(dir, "figures"), 0o755)
		for _, f := range c.files {
			name, content, _ := strings.Cut(f, ": ")
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if slices.Contains(c.files, ".begin: new") {
			if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "--force") {
				t.Errorf("%s: a reader is told %v", name, err)
			}
		}
		r, err := Resume(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r.Close()
		if d := cmp.Diff(c.want, tree(t, dir)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestNamesAndLinks(t *testing.T) {
	base := t.TempDir()
	dir, outside := filepath.Join(base, "run"), filepath.Join(base, "outside")
	os.Mkdir(outside, 0o755)
	r := mustCreate(t, dir, "", false)
	for _, name := range []string{"", ".", "..", "../x.svg", "a.txt", "/etc/x", "figures/../../x.svg", "figures/a/b.svg", "figures/.svg",
		"figures/.tmp-a.svg", "figures/a.exe", "figures/a\\b.svg", "figures/a\x00.svg", "Figures/a.svg", ".begin", "./run.toml"} {
		if err := r.Save(name, text1("x")); err == nil || !strings.Contains(err.Error(), "is no file of a run") {
			t.Errorf("%q: %v", name, err)
		}
	}

	if err := os.Symlink(outside, filepath.Join(dir, "figures")); err != nil {
		t.Skip("no links here:", err)
	}
	if err := r.Save("figures/a.svg", text1("x")); err == nil || !strings.Contains(err.Error(), "not a folder") {
		t.Errorf("a linked figures folder: %v", err)
	}
	target := filepath.Join(outside, "target")
	os.WriteFile(target, []byte("mine"), 0o644)
	for _, link := range []string{SummaryFile, temporary + SeriesFile, LogFile} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	save(t, r, SummaryFile, "ours") // replaces the link, does not follow it
	if err := r.Save(SeriesFile, text1("ours")); err == nil {
		t.Error("a temporary that somebody else made was written to")
	}
	if _, _, err := r.OpenLog(); err == nil {
		t.Error("a linked log was opened")
	}
	r.Close()
	again := mustCreate(t, dir, "", true)
	again.Close()
	if d := cmp.Diff([]string{"target: mine"}, tree(t, outside)); d != "" {
		t.Error("something outside the folder changed:", d)
	}
}

// full is a disk with room for n bytes.
type full struct {
	w io.Writer
	n int
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.n {
		n, _ := f.w.Write(p[:f.n])
		f.n = 0
		return n, syscall.ENOSPC
	}
	f.n -= len(p)
	return f.w.Write(p)
}

func TestFullDisk(t *testing.T) {
	r := mustCreate(t, t.TempDir(), "", false)
	save(t, r, SummaryFile, "old")
	r.tap = func(w io.Writer) io.Writer { return &full{w, 10} }
	err := r.Save(SummaryFile, text1("too long for this disk"))
	want := r.Path(SummaryFile) + ": the disk is full; everything saved before is still there, this file was not written"
	if err == nil || err.Error() != want || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff([]string{"run.toml: ", "summary.json: old"}, tree(t, r.Dir())); d != "" {
		t.Error(d)
	}
}

// The same on a real file system of 64 kB, where the test may mount one.
func TestFullDiskMounted(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "cavity-test", dir).CombinedOutput(); err != nil {
		t.Skipf("no file system can be mounted here (%v, %s): TestFullDisk covers it with an injected writer", err, bytes.TrimSpace(out))
	}
	t.Cleanup(func() { exec.Command("umount", dir).Run() })
	r, err := Create(filepath.Join(dir, "run"), []byte("x"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	save(t, r, SummaryFile, "old")
	err = r.SaveSeries([]Array{Of("x", make([]float64, 1<<16))})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	if d := cmp.Diff([]string{"run.toml: x", "summary.json: old"}, tree(t, r.Dir())); d != "" {
		t.Error(d)
	}
	save(t, r, SummaryFile, "new") // what fits can still be saved
}

func TestSaveKeepsOldWhenWriteFails(t *testing.T) {
	r := mustCreate(t, t.TempDir(), "", false)
	save(t, r, SummaryFile, "old")
	cause := errors.New("boom")
	if err := r.Save(SummaryFile, func(w io.Writer) error { io.WriteString(w, "half"); return cause }); !errors.Is(err, cause) {
		t.Error(err)
	}
	if d := cmp.Diff([]string{"run.toml: ", "summary.json: old"}, tree(t, r.Dir())); d != "" {
		t.Error(d)
	}
}

func TestOpenLog(t *testing.T) {
	r := mustCreate(t, t.TempDir(), "", false)
	if err := os.WriteFile(r.Path(LogFile), []byte("{\"a\":1}\n{\"b\":"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, c, err := r.OpenLog()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := l.Write(Summary{{"b", 2}}); err != nil {
		t.Fatal(err)
	}
	if b, _ := r.Read(LogFile); string(b) != "{\"a\":1}\n{\"b\":2}\n" {
		t.Errorf("%q", b)
	}
}

func TestRunErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	os.WriteFile(file, nil, 0o644)
	for name, f := range map[string]func(string) error{
		"create": func(d string) error { _, err := Create(d, nil, false); return err },
		"resume": func(d string) error { _, err := Resume(d); return err },
		"open":   func(d string) error { _, err := Open(d); return err },
	} {
		if err := f(file); err == nil || !strings.HasPrefix(err.Error(), file+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s of a file: %v", name, err)
		}
	}
	for _, f := range []func(string) (*Run, error){Resume, Open} {
		if _, err := f(dir); err == nil || err.Error() != dir+": not a run folder (it has no run.toml)" {
			t.Error(err)
		}
		if _, err := f(dir + "/absent"); err == nil || err.Error() != dir+"/absent: no such file or directory" {
			t.Error(err)
		}
	}
}

func TestDiscard(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	r := mustCreate(t, dir, "", false)
	save(t, r, SummaryFile, "{}")
	if err := r.Discard(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"run.toml: ", "summary.json: {}"}, tree(t, dir)); d != "" {
		t.Error("a run with results was discarded:", d)
	}
	os.Remove(r.Path(SummaryFile))
	if err := r.Discard(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A process killed at any moment leaves every file whole: old or new, and no temporary after the next opening.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("CAVITY_TEST_KILL"); dir != "" {
		r, err := Resume(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			line := fmt.Sprintf("%d\n", i)
			save(t, r, SummaryFile, strings.Repeat(line, 2000))
			save(t, r, "figures/a.svg", strings.Repeat(line, 500))
		}
	}
	dir := t.TempDir()
	r := mustCreate(t, dir, "settings", false)
	save(t, r, SummaryFile, strings.Repeat("x\n", 2000))
	save(t, r, "figures/a.svg", strings.Repeat("x\n", 500))
	r.Close()
	for i := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
		cmd.Env = append(os.Environ(), "CAVITY_TEST_KILL="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+7*i) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		r, err := Resume(dir)
		if err != nil {
			t.Fatal(err)
		}
		for name, lines := range map[string]int{SummaryFile: 2000, "figures/a.svg": 500} {
			b, err := r.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := bytes.Cut(b, []byte("\n"))
			if want := strings.Repeat(string(first)+"\n", lines); string(b) != want {
				t.Errorf("%s is a mixture", name)
			}
		}
		if n := len(tree(t, dir)); n != 3 {
			t.Errorf("the folder holds %d files, want 3: %v", n, tree(t, dir))
		}
		r.Close()
	}
}
