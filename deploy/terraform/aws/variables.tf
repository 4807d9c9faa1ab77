variable "name" {
  description = "Name of this installation; every resource's name begins with it."
  type        = string
  default     = "waybill"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "3 to 21 characters: lower-case letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  description = "AWS region."
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

variable "vpc_id" {
  description = "VPC in which the tasks run, and the warehouse if it is made here."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of that VPC, in two availability zones or more; their way out is a NAT gateway or endpoints."
  type        = list(string)
  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "Give two subnets or more, in different availability zones."
  }
}

variable "alert_emails" {
  description = "Addresses that are told of failures; each gets a mail in which it has to agree."
  type        = set(string)
}

variable "retention" {
  description = "For how many days no object of a zone can be changed or removed. COMPLIANCE binds the account's owner too."
  type = object({
    mode      = optional(string, "GOVERNANCE")
    landing   = optional(number, 365)
    processed = optional(number, 30)
  })
  default = {}
  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.retention.mode)
    error_message = "mode is GOVERNANCE or COMPLIANCE."
  }
}

variable "log_retention_days" {
  description = "For how long logs are kept."
  type        = number
  default     = 365
}

variable "readers" {
  description = "ARNs that may take the role that reads the processed zone; empty for whoever the account's own policies let."
  type        = list(string)
  default     = []
}

variable "schedules" {
  description = "By name, the job of orchestrate/jobs.meltano.yml and when it runs: EventBridge's cron or rate, in UTC."
  type        = map(object({ job = string, expression = string }))
  default = {
    elt-lake    = { job = "elt-lake", expression = "cron(0 4 * * ? *)" }
    maintenance = { job = "maintenance", expression = "cron(30 6 ? * SUN *)" }
  }
}

variable "balanced_within_hours" {
  description = "An alarm tells where no receipt has balanced for so long."
  type        = number
  default     = 24
  validation {
    condition     = var.balanced_within_hours >= 1 && var.balanced_within_hours <= 24
    error_message = "1 to 24, which is the longest that CloudWatch looks back here."
  }
}

variable "settings" {
  description = "Settings of .env.example that are no secrets, such as WAYBILL_OLIST."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Settings whose values are put into Secrets Manager by hand, never by Terraform; each must have one before a task starts."
  type        = set(string)
  default     = ["WAREHOUSE_URL", "MELTANO_DATABASE_URI", "WAYBILL_PII_SALT"]
}

variable "task" {
  description = "Size of a task: CPU units (1024 are one), MiB of memory, GiB of disk."
  type        = object({ cpu = optional(number, 2048), memory = optional(number, 8192), disk = optional(number, 50) })
  default     = {}
}

variable "warehouse" {
  description = "An RDS PostgreSQL for the warehouse and Meltano's state; null where there is one elsewhere."
  type = object({
    instance_class = optional(string, "db.m7g.large")
    storage_gb     = optional(number, 100)
    engine_version = optional(string, "17")
    multi_az       = optional(bool, true)
  })
  default = null
}
