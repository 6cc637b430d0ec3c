# Tested before it gets traffic: a deployment is asked while it is private, and only a good one is released.
# waypoint up      builds, deploys, tests; where a test fails the traffic stays where it is, and the command fails
# wps test         runs the same tests by hand, or in a pipeline's step
project = "shop"

app "web" {
  build {
    use "team-k8s" { image = "registry.test/hello:v1" }
  }
  deploy {
    use "team-k8s" {}
  }
  release {
    use "test" {
      test "smoke" {
        contains = "hello from v1"
        requests = 10
        latency  = "2s"
      }
    }
  }
}
