"""What Waybill leaves behind is removed once it is older than it is kept."""
