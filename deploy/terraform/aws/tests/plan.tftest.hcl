# What a plan must promise, whatever the account: no server and no login, the provider is a mock.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\": \"2012-10-17\", \"Statement\": []}" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
}

variables {
  region       = "eu-central-1"
  image        = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/waybill@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  vpc_id       = "vpc-1"
  subnet_ids   = ["subnet-1", "subnet-2"]
  alert_emails = ["data@example.com", "oncall@example.com"]
}

run "lake_is_locked" {
  command = plan
  assert {
    condition     = alltrue([for zone in aws_s3_bucket.zone : zone.object_lock_enabled])
    error_message = "A zone without object lock can be removed."
  }
  assert {
    condition     = [for rule in values(aws_s3_bucket_object_lock_configuration.zone)[*].rule : rule[0].default_retention[0].days] == [365, 30]
    error_message = "The zones are locked for the days that the variable says."
  }
  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.zone :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "A zone is open to the public."
  }
}

run "schedules_run_jobs" {
  command = plan
  variables {
    schedules = { often = { job = "trade", expression = "rate(5 minutes)" } }
  }
  assert {
    condition = jsondecode(aws_scheduler_schedule.job["often"].target[0].input).containerOverrides[0].command == [
      "meltano", "--environment=prod", "run", "--no-install", "trade",
    ]
    error_message = "The schedule starts something else than its job."
  }
  assert {
    condition     = length(aws_scheduler_schedule.job) == 1
    error_message = "Schedules that nobody asked for."
  }
}

run "everybody_is_told" {
  command = plan
  assert {
    condition     = toset([for each in aws_sns_topic_subscription.email : each.endpoint]) == toset(["data@example.com", "oncall@example.com"])
    error_message = "An address is missing."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.none_balanced.treat_missing_data == "breaching"
    error_message = "Silence must be an alarm."
  }
}

run "no_warehouse_unless_asked" {
  command = plan
  assert {
    condition     = length(aws_db_instance.warehouse) == 0 && output.warehouse == null
    error_message = "An RDS instance that nobody asked for."
  }
}

run "warehouse_keeps_its_own_password" {
  command = plan
  variables {
    warehouse = { instance_class = "db.t4g.medium", multi_az = false }
  }
  assert {
    condition     = aws_db_instance.warehouse["this"].manage_master_user_password && aws_db_instance.warehouse["this"].password == null
    error_message = "The master's password would stand in the state."
  }
  assert {
    condition     = aws_db_instance.warehouse["this"].storage_encrypted && !aws_db_instance.warehouse["this"].publicly_accessible
    error_message = "The warehouse is open, or kept in plain text."
  }
}

run "an_image_by_tag_is_refused" {
  command = plan
  variables {
    image = "example.com/waybill:latest"
  }
  expect_failures = [var.image]
}

run "one_subnet_is_refused" {
  command = plan
  variables {
    subnet_ids = ["subnet-1"]
  }
  expect_failures = [var.subnet_ids]
}
