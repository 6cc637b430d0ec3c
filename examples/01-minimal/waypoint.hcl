project = "shop"

app "web" {
  build {
    use "team-k8s" { image = "registry.test/hello:v1" }
  }
  deploy {
    use "team-k8s" {}
  }
}
