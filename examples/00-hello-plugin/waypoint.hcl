# A project that deploys with the plugin beside it: waypoint init, waypoint up.
project = "hello"

app "web" {
  build {
    use "docker-ref" {
      image = "world"
      tag   = "v1"
    }
  }
  deploy {
    use "hello" { greeting = "Good morning" }
  }
}
