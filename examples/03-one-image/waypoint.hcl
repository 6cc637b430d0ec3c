# One image for all environments: built in the first, brought to every later one by its digest.
# waypoint build                       in dev: the builder that the standards name works, and the image is pushed
# waypoint build -workspace=staging    in staging: the same image comes into staging's registry; nothing is built
project = "shop"

app "web" {
  build {
    use "team-ecr" {}
  }
  deploy {
    use "team-k8s" {}
  }
}
