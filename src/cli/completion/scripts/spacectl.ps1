# Completion of spacectl in PowerShell. To load it in every new shell, add this line to the file that $PROFILE names:
#
#     spacectl completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName spacectl -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object {
            if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { "$_" }
        })
    $index = $words.Count
    # An empty word may be dropped on its way, but the index counts it.
    $words += "$wordToComplete"
    $before = $env:COMPLETE
    $env:COMPLETE = 'powershell'
    try { $kind, $lines = & spacectl $index -- @words 2>$null } finally { $env:COMPLETE = $before }
    $lines | Where-Object { $_ } | ForEach-Object {
        $value, $help = $_.Split("`t")
        $text = if ($value -match '^[\w.,=:/@+-]+$') { $value } else { "'" + $value.Replace("'", "''") + "'" }
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $help)
    }
}
