# Waybill's own alerts (docs/alerts.md) tell what is wrong with the data; these tell that a job has not run, or not ended.
resource "aws_sns_topic" "alerts" {
  name              = "${var.name}-alerts"
  kms_master_key_id = aws_kms_key.this.id
}

resource "aws_sns_topic_subscription" "email" {
  for_each  = var.alert_emails
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.key
}

data "aws_iam_policy_document" "alerts" {
  statement {
    sid       = "Events" # they pass no condition to SNS
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
  statement {
    sid       = "Alarms"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alerts.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "alerts" {
  arn    = aws_sns_topic.alerts.arn
  policy = data.aws_iam_policy_document.alerts.json
}

# Any exit code but 0, of which Waybill has one for each way in which a receipt can fail.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "A task of ${var.name} has ended with a failure, or could not start"
  event_pattern = jsonencode({
    source        = ["aws.ecs"]
    "detail-type" = ["ECS Task State Change"]
    detail = {
      clusterArn = [aws_ecs_cluster.this.arn]
      lastStatus = ["STOPPED"]
      "$or" = [
        { containers = { exitCode = [{ "anything-but" = 0 }] } },
        { stopCode = ["TaskFailedToStart"] },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule      = aws_cloudwatch_event_rule.failed.name
  target_id = "alerts"
  arn       = aws_sns_topic.alerts.arn
  input_transformer {
    input_paths    = { task = "$.detail.taskArn", reason = "$.detail.stoppedReason" }
    input_template = "\"${var.name}: <task> has failed: <reason>. Its log is in ${aws_cloudwatch_log_group.job.name}.\""
  }
}

# The words are those of a receipt's last line; a test holds them to what Waybill prints.
resource "aws_cloudwatch_log_metric_filter" "receipt" {
  for_each       = { balanced = "\"balanced: \" -\"not balanced: \"", not-balanced = "\"not balanced: \"" }
  name           = "${var.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.job.name
  pattern        = each.value
  metric_transformation {
    namespace = var.name
    name      = each.key
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "none_balanced" {
  alarm_name          = "${var.name}-no-balanced-receipt"
  alarm_description   = "No receipt has balanced for ${var.balanced_within_hours} hours: no run came, or none came to its end."
  namespace           = var.name
  metric_name         = aws_cloudwatch_log_metric_filter.receipt["balanced"].metric_transformation[0].name
  statistic           = "Sum"
  period              = var.balanced_within_hours * 3600
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "not_balanced" {
  alarm_name          = "${var.name}-receipt-not-balanced"
  alarm_description   = "A receipt does not balance: docs/runbooks/unbalanced.md."
  namespace           = var.name
  metric_name         = aws_cloudwatch_log_metric_filter.receipt["not-balanced"].metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "not_started" {
  alarm_name          = "${var.name}-not-started"
  alarm_description   = "A schedule could not start its task; the message in the queue says why."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.not_started.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
}
