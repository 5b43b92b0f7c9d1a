//go:build !amd64

package level

func detect() Level { return Portable }
