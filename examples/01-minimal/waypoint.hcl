project = "shop"

app "web" {
  build {
    use "docker-ref" { image = "registry.test/hello", tag = "v1" }
  }
  deploy {
    use "team-k8s" {}
  }
}
