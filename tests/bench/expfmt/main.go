// The reference: prometheus/common's expfmt, the library of Go's exporters and tools, does the work of
// postern's engine.
//
//	expfmt read|copy|labels FILE SECONDS
//
// Reads a text page repeatedly. With copy it also writes the page; with labels it first adds two labels to
// each sample. Prints bytes of the page per second of CPU time.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func label(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: &name, Value: &value} }

func work(what string, page []byte) error {
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil || what == "read" {
		return err
	}
	for _, family := range families {
		if what == "labels" {
			for _, metric := range family.Metric {
				metric.Label = append(metric.Label, label("cluster", "eu-1"), label("region", "north"))
			}
		}
		if _, err := expfmt.MetricFamilyToText(io.Discard, family); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	runtime.GOMAXPROCS(1)
	what, file := os.Args[1], os.Args[2]
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	if err != nil {
		panic(err)
	}
	page, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	begin, rounds := cpuSeconds(), 0
	for cpuSeconds()-begin < seconds {
		if err := work(what, page); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		rounds++
	}
	fmt.Printf("%.0f\n", float64(rounds)*float64(len(page))/(cpuSeconds()-begin))
}
