// A mixin in the manner of those for Kubernetes and node_exporter: configuration that can be overridden, a small
// library of panels, recording rules, alerts and dashboards made from a list of signals.
// $$ is Jsonnet's own; ${rules} and ${panels} are filled in by the benchmark.
local rules = ${rules};
local panels = ${panels};

local config = {
  _config+:: {
    selector: 'job="support-agent"',
    interval: '5m',
    owner: 'team-support',
    dashboards: 7,
    runbook: 'https://runbooks.example.com/agent-metrics/%s',
    quantiles: [0.5, 0.95, 0.99],
    by: ['release', 'tool', 'model', 'stop_reason'],
    signals: [
      { name: 'success_rate', kind: 'share', metric: 'agent_run_total', unit: 'percentunit', bound: 0.97 },
      { name: 'latency', kind: 'quantile', metric: 'agent_run_latency_ms', unit: 'ms', bound: 2000 },
      { name: 'tool_error_rate', kind: 'share', metric: 'agent_tool_call_total', unit: 'percentunit', bound: 0.05 },
      { name: 'tool_calls', kind: 'rate', metric: 'agent_tool_call_total', unit: 'short', bound: 40 },
      { name: 'tokens', kind: 'rate', metric: 'agent_token_usage_total', unit: 'short', bound: 10000 },
      { name: 'steps', kind: 'quantile', metric: 'agent_steps_per_run', unit: 'short', bound: 24 },
    ],
  },
};

local promql = {
  grouping(by):: if std.length(by) == 0 then '' else ' by (%s)' % std.join(', ', by),
  rate(c, metric, by=[], where=''):: 'sum%s (rate(%s{%s%s}[%s]))' % [
    self.grouping(by), metric, c.selector, where, c.interval,
  ],
  share(c, metric, by=[]):: '%s / %s' % [
    self.rate(c, metric, by, ',status="ok"'), self.rate(c, metric, by),
  ],
  quantile(c, metric, q, by=[]):: 'histogram_quantile(%g, %s)' % [
    q, self.rate(c, metric + '_bucket', ['le'] + by),
  ],
  of(c, signal, by, q)::
    if signal.kind == 'share' then self.share(c, signal.metric, by)
    else if signal.kind == 'quantile' then self.quantile(c, signal.metric, q, by)
    else self.rate(c, signal.metric, by),
};

local record = {
  new(c, index)::
    local signal = c.signals[index % std.length(c.signals)];
    local by = if index % 3 == 0 then [] else [c.by[index % std.length(c.by)]];
    local q = c.quantiles[index % std.length(c.quantiles)];
    {
      record: '%s:agent_%s_%d:%s' % [
        if by == [] then 'service' else std.join('_', by), signal.name, index, signal.kind,
      ],
      expr: promql.of(c, signal, by, q),
      labels: { service: 'support-agent' },
    },
};

local alert = {
  new(c, index)::
    local signal = c.signals[index % std.length(c.signals)];
    local name = 'Agent%sHigh%d' % [std.asciiUpper(signal.name), index];
    {
      alert: name,
      expr: '%s > %g and %s > 20' % [promql.of(c, signal, [], 0.95), signal.bound, promql.rate(c, signal.metric)],
      'for': '5m',
      labels: { severity: if index % 2 == 0 then 'critical' else 'warning', owner: c.owner, signal: signal.name },
      annotations: {
        summary: '%s is beyond its bound.' % signal.name,
        description: '%s is {{ $$value | humanize }}, beyond %g.' % [signal.name, signal.bound],
        runbook_url: c.runbook % name,
      },
    },
};

local panel = {
  target(expr, legend, ref):: {
    datasource: { type: 'prometheus', uid: '$$datasource' },
    expr: expr,
    legendFormat: legend,
    refId: ref,
    range: true,
    instant: false,
    format: 'time_series',
  },
  new(c, index)::
    local signal = c.signals[index % std.length(c.signals)];
    {
      id: index + 1,
      type: if index % 4 == 0 then 'stat' else 'timeseries',
      title: '%s %d' % [signal.name, index],
      description: 'Shows %s of the service and of its parts.' % signal.name,
      datasource: { type: 'prometheus', uid: '$$datasource' },
      gridPos: { x: (index % 3) * 8, y: std.floor(index / 3) * 8, w: 8, h: 8 },
      targets: [
        panel.target(promql.of(c, signal, by, 0.95), std.join(' ', ['{{%s}}' % label for label in by]), ref)
        for ref in ['A', 'B']
        for by in [if ref == 'A' then [] else [c.by[index % std.length(c.by)]]]
      ],
      options: {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
        tooltip: { mode: 'multi', sort: 'desc' },
      },
      fieldConfig: {
        defaults: {
          unit: signal.unit,
          min: 0,
          color: { mode: 'palette-classic' },
          custom: { drawStyle: 'line', lineWidth: 1, fillOpacity: 10, showPoints: 'never', spanNulls: false },
          thresholds: {
            mode: 'absolute',
            steps: [{ color: 'green', value: null }, { color: 'red', value: signal.bound }],
          },
        },
        overrides: [],
      },
    },
};

local variable(name, query) = {
  name: name,
  label: name,
  type: 'query',
  datasource: { type: 'prometheus', uid: '$$datasource' },
  query: { query: query, refId: name },
  refresh: 2,
  includeAll: true,
  multi: true,
  sort: 1,
};

local dashboard = {
  new(c, number, indices):: {
    uid: 'agent-%d' % number,
    title: 'Agent %d' % number,
    tags: ['agent-metrics'],
    schemaVersion: 39,
    time: { from: 'now-6h', to: 'now' },
    refresh: '1m',
    editable: false,
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus' },
        variable('release', 'label_values(agent_run_total{%s}, release)' % c.selector),
        variable('tool', 'label_values(agent_tool_call_total{%s}, tool)' % c.selector),
      ],
    },
    panels: [panel.new(c, index) for index in indices],
  },
};

local mixin = config {
  local c = self._config,
  local alerts = std.floor(rules / 7),
  prometheusRules+:: {
    groups+: [{ name: 'agent.rules', interval: '1m', rules: [record.new(c, n) for n in std.range(1, rules - alerts)] }],
  },
  prometheusAlerts+:: {
    groups+: [{ name: 'agent.alerts', rules: [alert.new(c, n) for n in std.range(1, alerts)] }],
  },
  grafanaDashboards+:: {
    ['agent-%d.json' % number]: dashboard.new(c, number, [
      index
      for index in std.range(0, panels - 1)
      if index % c.dashboards == number
    ])
    for number in std.range(0, c.dashboards - 1)
  },
};

{
  'rules.yml': std.manifestYamlDoc(mixin.prometheusRules),
  'alerts.yml': std.manifestYamlDoc(mixin.prometheusAlerts),
  dashboards: mixin.grafanaDashboards,
}
