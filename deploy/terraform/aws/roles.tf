# Four roles, each with what it does and no more: the job writes to the lake and removes nothing, readers read the
# processed zone, ECS starts the job, and the scheduler asks it to.
data "aws_iam_policy_document" "tasks_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

# What docs/lake.md says the login of the jobs needs.
data "aws_iam_policy_document" "landing_writer" {
  statement {
    sid       = "Objects"
    actions   = ["s3:PutObject", "s3:GetObject"]
    resources = [for zone in aws_s3_bucket.zone : "${zone.arn}/*"]
  }
  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket"]
    resources = [for zone in aws_s3_bucket.zone : zone.arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "landing_writer" {
  name               = "${var.name}-landing-writer"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
}

resource "aws_iam_role_policy" "landing_writer" {
  name   = "lake"
  role   = aws_iam_role.landing_writer.id
  policy = data.aws_iam_policy_document.landing_writer.json
}

data "aws_iam_policy_document" "reader_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = length(var.readers) > 0 ? var.readers : [local.root]
    }
  }
}

data "aws_iam_policy_document" "reader" {
  statement {
    sid       = "Objects"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.zone["processed"].arn}/*"]
  }
  statement {
    sid       = "Names"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.zone["processed"].arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "reader" {
  name               = "${var.name}-reader"
  assume_role_policy = data.aws_iam_policy_document.reader_assume.json
}

resource "aws_iam_role_policy" "reader" {
  name   = "processed"
  role   = aws_iam_role.reader.id
  policy = data.aws_iam_policy_document.reader.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # it has no resource
  }
  statement {
    sid       = "Image"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [aws_ecr_repository.this.arn]
  }
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.job.arn}:*"]
  }
  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for secret in aws_secretsmanager_secret.setting : secret.arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks_assume.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "scheduler_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "Run"
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.job.arn_without_revision}:*"]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [aws_ecs_cluster.this.arn]
    }
  }
  statement {
    sid       = "AsTheJob"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.landing_writer.arn, aws_iam_role.execution.arn]
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
  statement {
    sid       = "NotStarted"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.not_started.arn]
  }
  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.this.arn]
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  assume_role_policy = data.aws_iam_policy_document.scheduler_assume.json
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "run"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
