variable "name" {
  description = "Name of this installation; every resource's name begins with it."
  type        = string
  default     = "waybill"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,15}$", var.name))
    error_message = "3 to 16 characters: lower-case letters, digits and hyphens, a letter first."
  }
}

variable "project" {
  description = "Id of the project."
  type        = string
}

variable "region" {
  description = "Region of the job, the buckets and the data sets."
  type        = string
}

variable "image" {
  description = "Waybill's image by digest, as `docker push` prints it: <repository>@sha256:<64 digits>."
  type        = string
  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "The image must be named by digest: a tag can be moved to another image."
  }
}

variable "alert_emails" {
  description = "Addresses that are told of failures."
  type        = set(string)
}

variable "retention" {
  description = "For how many days no object of a zone can be changed or removed. Once locked, a policy can only be made longer, for ever."
  type = object({
    landing   = optional(number, 365)
    processed = optional(number, 30)
    is_locked = optional(bool, false)
  })
  default = {}
}

variable "datasets" {
  description = "Data sets of BigQuery, named and divided as the schemas of load/bootstrap are."
  type        = object({ loaded = set(string), built = set(string), marts = set(string) })
  default = {
    loaded = ["raw_olist", "raw_totesys", "raw_online_retail", "raw_exchange_rates", "raw_clickstream", "raw_storefront", "waybill"]
    built  = ["staging", "intermediate", "snapshots"]
    marts  = ["common", "marketplace", "trade", "retail", "attribution", "storefront"]
  }
}

variable "readers" {
  description = "Members that read the marts and the processed zone, such as group:analysts@example.com."
  type        = set(string)
  default     = []
}

variable "schedules" {
  description = "By name, the job of orchestrate/jobs.meltano.yml and when it runs: a cron expression, in UTC."
  type        = map(object({ job = string, expression = string }))
  default = {
    elt-lake    = { job = "elt-lake", expression = "0 4 * * *" }
    maintenance = { job = "maintenance", expression = "30 6 * * 0" }
  }
}

variable "settings" {
  description = "Settings of .env.example that are no secrets, such as WAYBILL_OLIST=gs://…"
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Settings whose values are put into Secret Manager by hand, never by Terraform; each must have one before a job starts."
  type        = set(string)
  default     = ["WAREHOUSE_URL", "MELTANO_DATABASE_URI", "WAYBILL_PII_SALT"]
}

variable "task" {
  description = "Size of a job: CPUs, memory (what it writes to disk counts as memory), and the longest time that it may take."
  type        = object({ cpu = optional(string, "2"), memory = optional(string, "8Gi"), timeout = optional(string, "7200s") })
  default     = {}
}

variable "network" {
  description = "Network and subnetwork by which jobs reach a warehouse without a public address; null for none."
  type        = object({ network = string, subnetwork = string })
  default     = null
}
