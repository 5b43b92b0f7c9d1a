package openblas

import (
	"testing"

	"cavity/engine"
	"cavity/engine/enginetest"
)

func TestBackend(t *testing.T) {
	b, err := engine.Open("openblas", engine.Options{Workers: 1})
	if err != nil {
		t.Skip(err)
	}
	defer b.Close()
	enginetest.Run(t, b, enginetest.Plain{})
}
