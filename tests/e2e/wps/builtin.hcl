# The shop's web front end.
project = "shop"

variable "tag" {
  type    = string
  default = "latest"
}

app "web" {
  build {
    use "docker" {}

    registry {
      use "docker" {
        image = "registry.acme.example/shop/web"
        tag   = var.tag
      }
    }
  }

  deploy {
    use "kubernetes" {
      namespace    = "shop"
      service_port = 8080
      probe_path   = "/healthz"
      replicas     = 2

      static_environment = {
        LOG_LEVEL = "debug"
        CACHE_URL = "redis://cache:6379/${workspace.name}"
      }

      cpu {
        request = "100m"
      }

      memory {
        request = "256Mi"
        limit   = "512Mi" # the image cache needs it
      }

      autoscale {
        min_replicas = 2
        max_replicas = 6
        cpu_percent  = 75
      }

      pod {
        security_context {
          run_as_user     = 10001
          run_as_group    = 10001
          run_as_non_root = true
          fs_group        = 10001
        }
      }
    }
  }

  release {
    use "kubernetes" {
      namespace = "shop"
      port      = 80

      ingress "http" {
        host = "shop.acme.example"
        path = "/"

        tls {
          hosts       = ["shop.acme.example"]
          secret_name = "web-tls"
        }
      }
    }
  }
}
