// Fetchmnist puts the MNIST database into the cache folder, for `make mnist`.
package main

import (
	"context"
	"fmt"
	"os"

	"cavity/models/mnist"
)

func main() {
	dir, err := mnist.Fetch(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(dir)
}
