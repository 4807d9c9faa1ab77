terraform {
  required_version = ">= 1.11, < 2.0"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
  # The bucket comes with `terraform init -backend-config=backend.hcl`.
  backend "gcs" {
    prefix = "waybill"
  }
}

provider "google" {
  project        = var.project
  region         = var.region
  default_labels = { stack = var.name }
}

resource "google_project_service" "used" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudscheduler.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])
  service            = each.key
  disable_on_destroy = false
}
