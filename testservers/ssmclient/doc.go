// Package ssmclient pins AWS's own client of Session Manager, which the test
// double of the data channel is measured by.
package ssmclient
