# A project that deploys with the plugin beside it: waypoint init, waypoint up.
# The plugin runs with the python3 of the PATH: activate the environment that has waypaas in it first.
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
