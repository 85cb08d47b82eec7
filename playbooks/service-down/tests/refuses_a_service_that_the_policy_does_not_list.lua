return {
  inputs = { service = "nginx" },
  ops = { { op = "service.status", fault = { "policy", "the policy lists no service 'nginx'" } } },
  expect = { status = "failed", start = "not run" },
  fault = { status = "the policy lists no service" },
}
