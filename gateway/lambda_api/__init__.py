"""The Lambda Invoke API, as boto3 and the AWS CLI speak it, on the control port."""
